package config

// kind says how the words of a directive are read.
type kind uint8

const (
	kindBool kind = iota
	kindInt
	kindMemory        // bytes, with an optional unit
	kindMemoryPercent // bytes, or a share of maxmemory written 10%
	kindOctal         // file mode
	kindString
	kindEnum
	kindSpecial // the directive's own parse function
)

// flags say who may set a directive and how its words are counted.
type flags uint8

const (
	immutable flags = 1 << iota // CONFIG SET refuses it
	protected                   // CONFIG SET refuses it unless enable-protected-configs allows
	sensitive                   // its value must not be logged
	multi                       // takes any number of words
	appends                     // further lines of one configuration add to the first
	combines                    // an enum whose words may be given together
)

// directive is one line of the tables: everything that is known about a name of redis.conf.
type directive struct {
	name, alias string
	kind        kind
	def         string // default, in the form CONFIG GET prints
	min         int64
	max         uint64
	words       []string // of an enum, in the order error texts list them
	flags       flags
	check       func(value string) error                            // further check of a string
	parse       func(before string, words []string) (string, error) // of a special directive
	note        string                                              // what differs from Redis, "" nothing
	quiet       string                                              // the value at which the note is not worth saying,
	hasQuiet    bool                                                // if there is one
}

func boolean(name, def string) directive {
	return directive{name: name, kind: kindBool, def: def}
}

func integer(name, def string, least int64, most uint64) directive {
	return directive{name: name, kind: kindInt, def: def, min: least, max: most}
}

func memory(name, def string, least int64, most uint64) directive {
	return directive{name: name, kind: kindMemory, def: def, min: least, max: most}
}

func text(name, def string) directive {
	return directive{name: name, kind: kindString, def: def}
}

func enum(name, def string, words ...string) directive {
	return directive{name: name, kind: kindEnum, def: def, words: words}
}

func special(name, def string, parse func(before string, words []string) (string, error)) directive {
	return directive{name: name, kind: kindSpecial, def: def, parse: parse, flags: multi}
}

// also names the directive's other name, which CONFIG GET and SET know as well.
func (d directive) also(alias string) directive { d.alias = alias; return d }

// with adds flags.
func (d directive) with(f flags) directive { d.flags |= f; return d }

// checked adds a check of a string's value.
func (d directive) checked(check func(string) error) directive { d.check = check; return d }

// says records what differs from Redis; a Notice carries it when the directive is given.
func (d directive) says(note string) directive { d.note = note; return d }

// unless names the value at which the note is not given.
func (d directive) unless(value string) directive { d.quiet, d.hasQuiet = value, true; return d }

// registry is the directives by name. It never changes after newRegistry.
type registry struct {
	list   []directive
	byName map[string]int // lower-case name or alias to index in list
}

func newRegistry() *registry {
	r := &registry{byName: make(map[string]int)}
	for _, table := range [][]directive{
		networkDirectives(), tlsDirectives(), processDirectives(), clientDirectives(), securityDirectives(),
		memoryDirectives(), storageDirectives(), replicationDirectives(), clusterDirectives(), dataDirectives(), raftDirectives(),
	} {
		for _, d := range table {
			r.add(d)
		}
	}
	return r
}

// add panics on a name that stands twice: that is a fault in the tables.
func (r *registry) add(d directive) {
	for _, name := range []string{d.name, d.alias} {
		if name == "" {
			continue
		}
		if _, ok := r.byName[name]; ok {
			panic("config: directive " + name + " is declared twice")
		}
		r.byName[name] = len(r.list)
	}
	r.list = append(r.list, d)
}

// find returns the index of a directive by its lower-case name or alias.
func (r *registry) find(name string) (int, bool) {
	i, ok := r.byName[name]
	return i, ok
}
