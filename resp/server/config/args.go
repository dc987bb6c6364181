package config

import "strings"

// commandLine is redis-server's arguments taken apart.
type commandLine struct {
	file    string // configuration file, "" none
	stdin   bool   // read standard input too
	options string // the options as lines of a configuration file
}

// splitArgs takes the arguments apart. A word that starts with "--" names an option unless the option before it still
// lacks its first value; "--save" alone means an empty value, as older command lines rely on.
func splitArgs(args []string) (commandLine, error) {
	var line commandLine
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		line.file = args[0]
		args = args[1:]
	}
	var options strings.Builder
	complete := true // the option before has a value
	for i, arg := range args {
		last := i == len(args)-1
		first := i == 0 && line.file == ""
		switch {
		case arg == Stdin && (first || last):
			line.stdin = true
		case complete && strings.HasPrefix(arg, "--"):
			complete = writeOption(&options, arg, last || strings.HasPrefix(args[i+1], "--"))
		default:
			options.WriteString(Quote(arg) + " ")
			complete = true
		}
	}
	line.options = options.String()
	return line, nil
}

// writeOption starts a line for an option and tells whether it has its value. valueless: no value follows.
func writeOption(options *strings.Builder, arg string, valueless bool) bool {
	if options.Len() > 0 {
		options.WriteByte('\n')
	}
	options.WriteString(arg[2:] + " ")
	words, ok := SplitWords(arg)
	if !ok || len(words) != 1 {
		return true
	}
	if valueless && strings.EqualFold(arg, "--save") {
		options.WriteString(`""`)
		return true
	}
	return false
}
