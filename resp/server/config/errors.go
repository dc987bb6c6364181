package config

import (
	"fmt"
	"strings"
)

// refusal is a reason in Redis' words, which clients and operators see as they stand.
type refusal string

func (r refusal) Error() string { return string(r) }

// Reasons why a value is refused. Their texts are Redis' and reach clients inside SetError and operators inside FileError.
const (
	errWordCount          = refusal("wrong number of arguments")
	errNotBool            = refusal("argument must be 'yes' or 'no'")
	errNotInteger         = refusal("argument couldn't be parsed into an integer")
	errNotMemory          = refusal("argument must be a memory value")
	errNotMemoryOrPercent = refusal("argument must be a memory or percent value")
	errPercentRange       = refusal("percentage argument must be less or equal to 100")
	errNotOctal           = refusal("argument couldn't be parsed as an octal number")
	errImmutable          = refusal("can't set immutable config")
	errProtected          = refusal("can't set protected config")
	errDuplicate          = refusal("duplicate parameter")
)

// Reasons why a line of a configuration is refused.
const (
	errQuotes       = refusal("Unbalanced quotes in configuration line")
	errDirective    = refusal("Bad directive or wrong number of arguments")
	errModuleValue  = refusal("Module config specified without value")
	errModule       = refusal("Modules can't be loaded: this server has no module interface")
	errSentinel     = refusal("sentinel directive while not in sentinel mode")
	errReplicaOf    = refusal("replicaof directive not allowed in cluster mode")
	errIncludeDepth = refusal("Too many nested include directives")
)

// FileError is returned by Parse when the configuration is unusable. Its text is what redis-server prints before it exits.
type FileError struct {
	Line   int    // 1 for the first; 0: the fault is not in one line
	Text   string // the line
	Reason string
}

func (e *FileError) Error() string {
	var b strings.Builder
	b.WriteString("\n*** FATAL CONFIG FILE ERROR (Redis " + RedisVersion + ") ***\n")
	if e.Line > 0 {
		fmt.Fprintf(&b, "Reading the configuration file, at line %d\n>>> '%s'\n", e.Line, e.Text)
	}
	b.WriteString(e.Reason)
	return b.String()
}

// OpenError is returned by Parse when a configuration file can't be read.
type OpenError struct {
	File string
	Err  error
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("Fatal error, can't open config file '%s': %v", e.File, reasonOf(e.Err))
}

func (e *OpenError) Unwrap() error { return e.Err }

// UnknownError is returned by Set for a name that is no directive.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", e.Name)
}

// SetError is returned by Set when a value is refused; nothing was set then.
type SetError struct {
	Name   string
	Reason error
}

func (e *SetError) Error() string {
	return fmt.Sprintf("ERR CONFIG SET failed (possibly related to argument '%s') - %v", e.Name, e.Reason)
}

func (e *SetError) Unwrap() error { return e.Reason }
