package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Stdin is the name under which Parse asks readFile for standard input.
const Stdin = "-"

// maxIncludeDepth bounds nested include directives.
const maxIncludeDepth = 16

// Parse reads redis-server's command line, without the program's name: an optional configuration file, an optional "-"
// for standard input, then options "--name value...". Later settings win. The error is a FileError or an OpenError.
func Parse(args []string, readFile func(name string) ([]byte, error)) (*Config, []Notice, error) {
	line, err := splitArgs(args)
	if err != nil {
		return nil, nil, err
	}
	l := &loader{config: Default(), readFile: readFile}
	if err := l.loadAll(line); err != nil {
		return nil, nil, err
	}
	return l.config, l.config.Notices(), nil
}

// loader fills a Config that nobody else has seen yet.
type loader struct {
	config   *Config
	readFile func(name string) ([]byte, error)
	depth    int // of include
}

func (l *loader) loadAll(line commandLine) error {
	text, err := l.source(line)
	if err != nil {
		return err
	}
	if err := l.load(text); err != nil {
		return err
	}
	if v, _ := l.config.Value("replicaof"); v != "" {
		return &FileError{Reason: errReplicaOf.Error()}
	}
	if err := l.absoluteDir(); err != nil {
		return err
	}
	l.config.derive()
	return nil
}

// source joins what Redis reads as one text: the file, standard input, the options. Line numbers of errors count in it.
func (l *loader) source(line commandLine) (string, error) {
	var text strings.Builder
	if line.file != "" {
		path, err := filepath.Abs(line.file)
		if err != nil {
			return "", &OpenError{File: line.file, Err: err}
		}
		l.config.File = path
		content, err := l.read(path)
		if err != nil {
			return "", err
		}
		text.WriteString(content)
	}
	if line.stdin {
		content, err := l.read(Stdin)
		if err != nil {
			return "", err
		}
		text.WriteString("\n" + content)
	}
	if line.options != "" {
		text.WriteString("\n" + line.options)
	}
	return text.String(), nil
}

func (l *loader) read(name string) (string, error) {
	content, err := l.readFile(name)
	if err != nil {
		return "", &OpenError{File: name, Err: err}
	}
	return string(content), nil
}

func (l *loader) load(text string) error {
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := l.line(i+1, line); err != nil {
			return asFileError(err, i+1, line)
		}
	}
	return nil
}

// asFileError puts the place to a reason; an error of an included file has its own.
func asFileError(err error, number int, line string) error {
	var file *FileError
	var open *OpenError
	if errors.As(err, &file) || errors.As(err, &open) {
		return err
	}
	return &FileError{Line: number, Text: line, Reason: err.Error()}
}

func (l *loader) line(number int, line string) error {
	words, ok := SplitWords(line)
	if !ok {
		return errQuotes
	}
	if len(words) == 0 {
		return nil
	}
	words[0] = strings.ToLower(words[0])
	if i, ok := l.config.reg.find(words[0]); ok {
		return l.set(i, words[1:])
	}
	return l.other(Extra{Words: words, Line: number, Text: line})
}

// set gives directive i the words of one line.
func (l *loader) set(i int, words []string) error {
	c := l.config
	d := &c.reg.list[i]
	if d.flags&multi == 0 && len(words) != 1 {
		return errWordCount
	}
	if d.flags&multi != 0 && len(words) == 1 && words[0] != "" {
		split, ok := SplitWords(words[0])
		if !ok {
			return errQuotes
		}
		words = split
	}
	value, err := d.read(c.before(i, c.given[i]), words)
	if err != nil {
		return err
	}
	c.text[i], c.given[i] = value, true
	return nil
}

// other handles a line whose first word is no directive.
func (l *loader) other(e Extra) error {
	switch n := len(e.Words); {
	case e.Words[0] == "include" && n == 2:
		return l.include(e.Words[1])
	case e.Words[0] == "rename-command" && n == 3, e.Words[0] == "user" && n >= 2:
		l.config.Extras = append(l.config.Extras, e)
		return nil
	case e.Words[0] == "loadmodule" && n >= 2:
		return errModule
	case e.Words[0] == "sentinel":
		return errSentinel
	case strings.Contains(e.Words[0], "."):
		if n < 2 {
			return errModuleValue
		}
		return errModule
	}
	return errDirective
}

// include reads further files; a name with glob characters stands for those that match now, in order, maybe none.
func (l *loader) include(name string) error {
	if l.depth++; l.depth > maxIncludeDepth {
		return errIncludeDepth
	}
	defer func() { l.depth-- }()
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		found, err := filepath.Glob(name)
		if err != nil {
			return &OpenError{File: name, Err: err}
		}
		slices.Sort(found)
		names = found
	}
	for _, name := range names {
		content, err := l.read(name)
		if err != nil {
			return err
		}
		if err := l.load(content); err != nil {
			return err
		}
	}
	return nil
}

// absoluteDir makes dir absolute, as CONFIG GET prints it.
func (l *loader) absoluteDir() error {
	i, _ := l.config.reg.find("dir")
	path, err := filepath.Abs(l.config.text[i])
	if err != nil {
		return fmt.Errorf("working directory: %w", err)
	}
	l.config.text[i] = path
	return nil
}

// reasonOf is the operating system's words for an error, without the operation and path Go puts before them.
func reasonOf(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		s := number.Error()
		return strings.ToUpper(s[:1]) + s[1:]
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "No such file or directory"
	}
	return err.Error()
}
