package command

import "errors"

// Flag is a set of command properties. Those that COMMAND INFO shows have a name
// there (see [Flag.Names]); the rest are ours.
type Flag uint32

// Command properties, in the order in which COMMAND INFO lists them.
const (
	Write           Flag = 1 << iota // may change the key space: it goes through the log
	ReadOnly                         // reads keys and changes nothing
	DenyOOM                          // refused above maxmemory
	Module                           // comes from a module
	Admin                            // administration of the server
	PubSub                           // publish and subscribe
	NoScript                         // not callable from a script
	Blocking                         // may leave the client waiting
	Loading                          // allowed while data is being loaded
	Stale                            // allowed on a replica with stale data
	SkipMonitor                      // not shown to MONITOR
	SkipSlowlog                      // not recorded in the slow log
	Asking                           // follows ASK redirections
	Fast                             // constant or logarithmic time
	NoAuth                           // allowed before authentication
	MayReplicate                     // not a write, yet may replicate (PUBLISH, EVAL)
	NoMandatoryKeys                  // its key arguments are optional
	Protected                        // needs an enable-... directive
	NoAsyncLoading                   // refused while loading asynchronously
	NoMulti                          // refused inside MULTI
	MovableKeys                      // the key triple does not tell all keys
	AllowBusy                        // allowed while a script is running too long

	// AllSlots marks a command without key arguments that touches the whole key
	// space (KEYS, SCAN, DBSIZE, RANDOMKEY, FLUSHALL): it needs every slot's lock.
	AllSlots
)

// Has reports whether all of g is set.
func (f Flag) Has(g Flag) bool { return f&g == g }

// Names lists the flags as COMMAND INFO names them, in its order.
func (f Flag) Names() []string {
	names := [...]string{
		"write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript", "blocking",
		"loading", "stale", "skip_monitor", "skip_slowlog", "asking", "fast", "no_auth",
		"may_replicate", "no_mandatory_keys", "protected", "no_async_loading", "no_multi",
		"movablekeys", "allow_busy",
	}
	var out []string
	for i, n := range names {
		if f&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}

// Spec describes one command or subcommand. It is immutable once in a [Table].
type Spec struct {
	Name      string // lower case; a subcommand's is "container|sub"
	Container string // the container's name for a subcommand, else empty
	Arity     int    // counts the command's own name; negative: at least -Arity
	Flags     Flag

	// FirstKey, LastKey and Step are the key triple of COMMAND INFO: positions in
	// the argument vector, LastKey counted from the end if negative. 0: no keys.
	FirstKey, LastKey, Step int
	KeyFlags                string // flags of the triple's key spec, such as "RW access update"
	KeyNotes                string // its free-text note, often empty
	// KeySpecs replaces the key spec derived from the triple and KeyFlags where
	// one range with one set of flags does not tell the whole (RENAME, COPY).
	KeySpecs []KeySpec
	// Keys finds the keys of a command whose keys move; nil: the triple tells all.
	Keys func(args [][]byte) ([]int, error)

	Subs []*Spec // subcommands of a container

	ACL             []string // categories without '@', in COMMAND INFO's order
	Since           string
	Group           string
	Summary         string
	Complexity      string
	DeprecatedSince string // empty: not deprecated
	ReplacedBy      string
	Tips            []string

	// Run executes the command. nil: the frontend runs it.
	Run func(c *Ctx)
}

// KeySpec is one entry of COMMAND INFO's key specifications.
type KeySpec struct {
	Notes string
	Flags string // separated by spaces, such as "RO access"

	// The search begins at the argument Index, or after the argument that equals
	// Keyword, looked for from StartFrom on. Both zero: unknown.
	Index     int
	Keyword   string
	StartFrom int

	// A range of keys: Last counts from the beginning of the search (negative:
	// from the end of the arguments); Limit divides what is left, 0 for no limit.
	Last, Step, Limit int
	// With KeyNum the count of keys stands at KeyNumIndex and the first at
	// FirstKey, both counted from the beginning of the search.
	KeyNum                bool
	KeyNumIndex, FirstKey int
}

// ErrKeyArguments is returned when the keys of a request cannot be told from its
// arguments; COMMAND GETKEYS shows its text.
//
//lint:ignore ST1005 a client sees this text
var ErrKeyArguments = errors.New("Invalid arguments specified for command")

// KeyPositions returns the positions in args of the command's keys, nil if it has none.
func (s *Spec) KeyPositions(args [][]byte) ([]int, error) {
	return s.AppendKeyPositions(nil, args)
}

// AppendKeyPositions is KeyPositions that appends to dst, so that a caller on the
// hot path needs no allocation.
func (s *Spec) AppendKeyPositions(dst []int, args [][]byte) ([]int, error) {
	if s.Keys != nil {
		found, err := s.Keys(args)
		return append(dst, found...), err
	}
	if s.FirstKey == 0 {
		return dst, nil
	}
	last := s.LastKey
	if last < 0 {
		last += len(args)
	}
	if s.FirstKey >= len(args) || last >= len(args) {
		return dst, ErrKeyArguments
	}
	for i := s.FirstKey; i <= last; i += max(s.Step, 1) {
		dst = append(dst, i)
	}
	return dst, nil
}

// Specifications returns the key specs as COMMAND INFO lists them: KeySpecs, or
// the one that the key triple stands for.
func (s *Spec) Specifications() []KeySpec {
	if s.KeySpecs != nil || s.FirstKey == 0 {
		return s.KeySpecs
	}
	last := s.LastKey
	if last >= 0 {
		last -= s.FirstKey
	}
	return []KeySpec{{Notes: s.KeyNotes, Flags: s.KeyFlags, Index: s.FirstKey, Last: last, Step: s.Step}}
}

// arityFits reports whether a request of n arguments, the name included, fits.
func (s *Spec) arityFits(n int) bool {
	if s.Arity >= 0 {
		return n == s.Arity
	}
	return n >= -s.Arity
}
