package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// read turns the words of a directive into the value CONFIG GET prints. before is the value so far, which only
// directives that take several lines look at.
func (d *directive) read(before string, words []string) (string, error) {
	if d.kind == kindSpecial {
		return d.parse(before, words)
	}
	if d.kind == kindEnum && d.flags&combines != 0 {
		return d.readWords(words)
	}
	if len(words) != 1 {
		return "", errWordCount
	}
	return d.readOne(words[0])
}

func (d *directive) readOne(word string) (string, error) {
	switch d.kind {
	case kindBool:
		return readBool(word)
	case kindInt:
		return d.readInt(word)
	case kindMemory, kindMemoryPercent:
		return d.readMemory(word)
	case kindOctal:
		return d.readOctal(word)
	case kindEnum:
		return d.readWords([]string{word})
	default:
		return d.readString(word)
	}
}

func readBool(word string) (string, error) {
	switch strings.ToLower(word) {
	case "yes":
		return "yes", nil
	case "no":
		return "no", nil
	}
	return "", errNotBool
}

func (d *directive) readInt(word string) (string, error) {
	n, ok := parseInt(word)
	if !ok {
		return "", errNotInteger
	}
	if n < d.min || (n > 0 && uint64(n) > d.max) {
		return "", fmt.Errorf("argument must be between %d and %d inclusive", d.min, d.max)
	}
	return strconv.FormatInt(n, 10), nil
}

func (d *directive) readMemory(word string) (string, error) {
	if percent, ok := strings.CutSuffix(word, "%"); ok && d.kind == kindMemoryPercent {
		n, ok := parseInt(percent)
		if !ok || n < 0 {
			return "", errNotMemoryOrPercent
		}
		if n > maxPercent {
			return "", errPercentRange
		}
		return strconv.FormatInt(n, 10) + "%", nil
	}
	n, ok := parseMemory(word)
	if !ok {
		if d.kind == kindMemoryPercent {
			return "", errNotMemoryOrPercent
		}
		return "", errNotMemory
	}
	if n < uint64(d.min) || n > d.max {
		return "", fmt.Errorf("argument must be between %d and %d inclusive", d.min, d.max)
	}
	return strconv.FormatUint(n, 10), nil
}

func (d *directive) readOctal(word string) (string, error) {
	n, err := strconv.ParseUint(word, 8, 31)
	if err != nil {
		return "", errNotOctal
	}
	if n > d.max {
		return "", fmt.Errorf("argument must be between %o and %o inclusive", d.min, d.max)
	}
	return strconv.FormatUint(n, 8), nil
}

func (d *directive) readString(word string) (string, error) {
	if d.check != nil {
		if err := d.check(word); err != nil {
			return "", err
		}
	}
	return word, nil
}

// readWords reads an enum. Words that combine are printed in the order of the table, the neutral first word left out.
func (d *directive) readWords(given []string) (string, error) {
	chosen := make([]bool, len(d.words))
	for _, word := range given {
		i := indexFold(d.words, word)
		if i < 0 {
			return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(d.words, ", "))
		}
		chosen[i] = true
	}
	if len(given) == 0 {
		return "", fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(d.words, ", "))
	}
	var out []string
	for i, word := range d.words {
		if chosen[i] && (i > 0 || d.flags&combines == 0) {
			out = append(out, word)
		}
	}
	if len(out) == 0 {
		return d.words[0], nil
	}
	return strings.Join(out, " "), nil
}

func indexFold(words []string, word string) int {
	for i, w := range words {
		if strings.EqualFold(w, word) {
			return i
		}
	}
	return -1
}

// maxPercent bounds a share of maxmemory.
const maxPercent = 100

// parseInt reads a decimal integer as strictly as Redis does: no plus sign, no leading zero, no blank.
func parseInt(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || (digits[0] == '0' && s != "0") || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// parseMemory reads a number of bytes with an optional unit: k, m and g count by thousands, kb, mb and gb by 1024.
func parseMemory(s string) (uint64, bool) {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	unit, ok := memoryUnit(strings.ToLower(s[end:]))
	if !ok {
		return 0, false
	}
	if end == 0 {
		return 0, s == "" || s[0] != '-'
	}
	n, err := strconv.ParseUint(s[:end], 10, 64)
	if err != nil || n > math.MaxUint64/unit {
		return 0, false
	}
	return n * unit, true
}

func memoryUnit(unit string) (uint64, bool) {
	switch unit {
	case "", "b":
		return 1, true
	case "k":
		return 1000, true
	case "kb":
		return 1 << 10, true
	case "m":
		return 1000 * 1000, true
	case "mb":
		return 1 << 20, true
	case "g":
		return 1000 * 1000 * 1000, true
	case "gb":
		return 1 << 30, true
	}
	return 0, false
}
