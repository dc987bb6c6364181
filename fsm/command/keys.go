package command

func keysSpecs() []*Spec { return nil }
