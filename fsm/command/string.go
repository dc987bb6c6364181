package command

func stringSpecs() []*Spec { return nil }
