package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of the directives that take several words.
const (
	maxBindAddresses  = 16
	outputClasses     = 3 // normal, replica, pubsub
	oomScoreClasses   = 3
	maxOomScore       = 2000
	maxHostnameBytes  = 255
	maxPercentileRank = 100.0
)

// parseSave reads "seconds changes" pairs, which are added to before; one empty word means no save point at all.
func parseSave(before string, words []string) (string, error) {
	if len(words) == 1 && words[0] == "" {
		return "", nil
	}
	bad := refusal("Invalid save parameters")
	if len(words)%2 != 0 {
		return "", bad
	}
	var out []string
	if before != "" {
		out = append(out, before)
	}
	for i, word := range words {
		n, err := strconv.ParseInt(strings.TrimLeft(word, " \t"), 10, 64)
		least := int64(1 - i%2)
		if err != nil || n < least {
			return "", bad
		}
		out = append(out, strconv.FormatInt(n, 10))
	}
	return strings.Join(out, " "), nil
}

// parseBind reads the addresses to listen on; one empty word means none.
func parseBind(_ string, words []string) (string, error) {
	if len(words) > maxBindAddresses {
		return "", refusal("Too many bind addresses specified.")
	}
	if len(words) == 1 && words[0] == "" {
		return "", nil
	}
	return strings.Join(words, " "), nil
}

// parseOutputLimits reads "class hard soft seconds" groups; classes that are not named keep their limits.
func parseOutputLimits(before string, words []string) (string, error) {
	if len(words)%4 != 0 {
		return "", refusal("Wrong number of arguments in buffer limit configuration.")
	}
	limits := strings.Fields(before)
	for ; len(words) > 0; words = words[4:] {
		class := outputClass(words[0])
		if class < 0 {
			return "", refusal("Invalid client class specified in buffer limit configuration.")
		}
		hard, ok1 := parseMemory(words[1])
		soft, ok2 := parseMemory(words[2])
		seconds, err := strconv.ParseInt(words[3], 10, 32)
		if !ok1 || !ok2 || err != nil || seconds < 0 {
			return "", refusal("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
		}
		at := limits[class*4:]
		at[1], at[2], at[3] = strconv.FormatUint(hard, 10), strconv.FormatUint(soft, 10), strconv.FormatInt(seconds, 10)
	}
	return strings.Join(limits, " "), nil
}

// outputClass returns a client class' place in client-output-buffer-limit, or -1.
func outputClass(name string) int {
	switch strings.ToLower(name) {
	case "normal":
		return 0
	case "slave", "replica":
		return 1
	case "pubsub":
		return 2
	}
	return -1
}

func parseOomScores(_ string, words []string) (string, error) {
	if len(words) != oomScoreClasses {
		return "", errWordCount
	}
	for i, word := range words {
		if word == "" {
			words[i], word = "0", "0"
		}
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < -maxOomScore || n > maxOomScore {
			return "", refusal("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
		}
	}
	return strings.Join(words, " "), nil
}

func parsePercentiles(_ string, words []string) (string, error) {
	if len(words) == 1 && words[0] == "" {
		return "", nil
	}
	out := make([]string, len(words))
	for i, word := range words {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return "", refusal("Invalid latency-tracking-info-percentiles parameters")
		}
		if f < 0 || f > maxPercentileRank {
			return "", refusal("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
		}
		out[i] = strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strings.Join(out, " "), nil
}

// parseReplicaOf reads "host port" or "no one".
func parseReplicaOf(_ string, words []string) (string, error) {
	if len(words) != 2 {
		return "", errWordCount
	}
	if strings.EqualFold(words[0], "no") && strings.EqualFold(words[1], "one") {
		return "", nil
	}
	port, err := strconv.ParseUint(words[1], 10, 16)
	if err != nil {
		return "", refusal("Invalid master port")
	}
	return words[0] + " " + strconv.FormatUint(port, 10), nil
}

// Event classes of notify-keyspace-events: first those that "A" stands for, then those that stand for themselves, in
// the order CONFIG GET prints them.
const (
	eventClassesOfAll = "g$lshzxetd"
	eventClassesApart = "KEmn"
)

func parseEvents(_ string, words []string) (string, error) {
	if len(words) != 1 {
		return "", errWordCount
	}
	given := strings.ReplaceAll(words[0], "A", eventClassesOfAll)
	for _, c := range given {
		if !strings.ContainsRune(eventClassesOfAll+eventClassesApart, c) {
			return "", refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
		}
	}
	return formatEvents(given), nil
}

// formatEvents prints the classes given, each once. Unlike the others of its kind, n stands among the classes of A when
// those are listed one by one, and is not printed together with A.
func formatEvents(given string) string {
	var out strings.Builder
	each := func(classes string) {
		for _, c := range classes {
			if strings.ContainsRune(given, c) {
				out.WriteRune(c)
			}
		}
	}
	all := true
	for _, c := range eventClassesOfAll {
		all = all && strings.ContainsRune(given, c)
	}
	if all {
		out.WriteByte('A')
	} else {
		each(eventClassesOfAll + "n")
	}
	each("KEm")
	return out.String()
}

func checkHostname(value string) error {
	if len(value) > maxHostnameBytes {
		return refusal("Hostnames must be less than 256 characters")
	}
	for i := range len(value) {
		if c := value[i]; !isAlphanumeric(c) && c != '-' && c != '.' {
			return refusal("Hostnames may only contain alphanumeric characters, hyphens or dots")
		}
	}
	return nil
}

// checkTitle checks the template of the process' title, though nothing here shows it.
func checkTitle(value string) error {
	known := strings.NewReplacer("{{", "", "{title}", "", "{listen-addr}", "", "{server-mode}", "",
		"{port}", "", "{tls-port}", "", "{unixsocket}", "", "{config-file}", "")
	if value == "" || strings.ContainsAny(known.Replace(value), "{}") {
		return refusal("template format is invalid or contains unknown variables")
	}
	return nil
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// checkFileName returns a check that a value is a bare name; kind is Redis' word for it.
func checkFileName(name, kind string, mayBeEmpty bool) func(string) error {
	return func(value string) error {
		if value == "" && !mayBeEmpty {
			return fmt.Errorf("%s can't be empty", name)
		}
		if strings.ContainsAny(value, `/\`) || value == ".." {
			return fmt.Errorf("%s can't be a path, just a %s", name, kind)
		}
		return nil
	}
}
