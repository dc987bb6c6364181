package config

import (
	"errors"
	"fmt"
	"strings"
)

// Reasons why a value is refused. Their texts are Redis' and reach clients inside SetError and operators inside FileError.
var (
	errWordCount          = errors.New("wrong number of arguments")
	errNotBool            = errors.New("argument must be 'yes' or 'no'")
	errNotInteger         = errors.New("argument couldn't be parsed into an integer")
	errNotMemory          = errors.New("argument must be a memory value")
	errNotMemoryOrPercent = errors.New("argument must be a memory or percent value")
	errPercentRange       = errors.New("percentage argument must be less or equal to 100")
	errNotOctal           = errors.New("argument couldn't be parsed as an octal number")
	errImmutable          = errors.New("can't set immutable config")
	errProtected          = errors.New("can't set protected config")
	errDuplicate          = errors.New("duplicate parameter")
)

// Reasons why a line of a configuration is refused.
var (
	errQuotes       = errors.New("Unbalanced quotes in configuration line")
	errDirective    = errors.New("Bad directive or wrong number of arguments")
	errModuleValue  = errors.New("Module config specified without value")
	errModule       = errors.New("Modules can't be loaded: this server has no module interface")
	errSentinel     = errors.New("sentinel directive while not in sentinel mode")
	errReplicaOf    = errors.New("replicaof directive not allowed in cluster mode")
	errIncludeDepth = errors.New("Too many nested include directives")
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
