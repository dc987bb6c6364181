package lua

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// strFormat is string.format, with C's conversions.
func (s *state) strFormat(L *glua.LState) int {
	format := s.checkString(L, 1)
	var out strings.Builder
	arg := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			out.WriteByte(format[i])
			continue
		}
		if i++; i < len(format) && format[i] == '%' {
			out.WriteByte('%')
			continue
		}
		d, size := s.directive(L, format[i:])
		i += size - 1
		arg++
		text := s.formatted(L, d, arg)
		s.room(L, out.Len()+len(text))
		s.work(L, len(text))
		out.WriteString(text)
	}
	return push(L, s.newString(L, out.String()))
}

// directive is one conversion of a format, "%-5.2f".
type directive struct {
	flags     string
	width     int // -1: none
	precision int // -1: none
	verb      byte
}

// directive reads a conversion behind its percent sign.
func (s *state) directive(L *glua.LState, text string) (d directive, size int) {
	const maxFlags, maxDigits = 5, 2
	rest := strings.TrimLeft(text, "-+ #0")
	d.flags = text[:len(text)-len(rest)]
	if len(d.flags) > maxFlags {
		s.fail(L, "invalid format (repeated flags)")
	}
	number := func() int {
		digits := 0
		for digits < len(rest) && digits < maxDigits && isDigit(rest[digits]) {
			digits++
		}
		n, err := strconv.Atoi(rest[:digits])
		rest = rest[digits:]
		if err != nil {
			n = -1
		}
		return n
	}
	d.width, d.precision = number(), -1
	if strings.HasPrefix(rest, ".") {
		rest = rest[1:]
		d.precision = max(number(), 0)
	}
	if rest != "" && isDigit(rest[0]) {
		s.fail(L, "invalid format (width or precision too long)")
	}
	if rest == "" {
		return d, len(text)
	}
	d.verb = rest[0]
	return d, len(text) - len(rest) + 1
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// formatted converts argument arg.
func (s *state) formatted(L *glua.LState, d directive, arg int) string {
	if arg > L.GetTop() {
		s.argError(L, arg, "no value")
	}
	switch d.verb {
	case 'c':
		return d.pad(string([]byte{byte(s.checkInt(L, arg))}))
	case 'd', 'i':
		return d.integer(toInt64(s.checkNumber(L, arg)))
	case 'u':
		d.flags = strings.NewReplacer("+", "", " ", "").Replace(d.flags)
		return d.unsigned(uint64(toInt64(s.checkNumber(L, arg))), 'd')
	case 'o', 'x', 'X':
		d.flags = strings.NewReplacer("+", "", " ", "").Replace(d.flags)
		return d.unsigned(uint64(toInt64(s.checkNumber(L, arg))), d.verb)
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(s.checkNumber(L, arg))
	case 'q':
		return quoted(s.checkString(L, arg))
	case 's':
		text := s.checkString(L, arg)
		if d.precision >= 0 {
			text = text[:min(d.precision, len(text))]
		}
		return d.pad(text)
	}
	s.fail(L, "invalid option '%"+string([]byte{d.verb})+"' to 'format'")
	return ""
}

// pad brings text to the width with spaces.
func (d *directive) pad(text string) string {
	missing := d.width - len(text)
	switch {
	case missing <= 0:
		return text
	case strings.Contains(d.flags, "-"):
		return text + strings.Repeat(" ", missing)
	}
	return strings.Repeat(" ", missing) + text
}

// layout returns the conversion for package fmt.
func (d *directive) layout(verb byte) string {
	var b strings.Builder
	b.WriteString("%" + d.flags)
	if d.width >= 0 {
		b.WriteString(strconv.Itoa(d.width))
	}
	if d.precision >= 0 {
		b.WriteString("." + strconv.Itoa(d.precision))
	}
	b.WriteByte(verb)
	return b.String()
}

func (d *directive) integer(n int64) string {
	d.flags = strings.ReplaceAll(d.flags, "#", "")
	return fmt.Sprintf(d.layout('d'), n)
}

func (d *directive) unsigned(n uint64, verb byte) string {
	if n == 0 || verb == 'd' {
		d.flags = strings.ReplaceAll(d.flags, "#", "")
	}
	return fmt.Sprintf(d.layout(verb), n)
}

func (d *directive) float(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return d.pad(d.notFinite(f))
	}
	if d.precision < 0 {
		d.precision = 6 // C's default, unlike Go's for 'g'
	}
	if d.precision == 0 && (d.verb == 'g' || d.verb == 'G') {
		d.precision = 1
	}
	return fmt.Sprintf(d.layout(d.verb), f)
}

func (d *directive) notFinite(f float64) string {
	text := formatNumber(f)
	if f > 0 && strings.Contains(d.flags, "+") {
		text = "+" + text
	}
	if d.verb == 'E' || d.verb == 'G' {
		text = strings.ToUpper(text)
	}
	return text
}

// quoted writes a string so that Lua reads it back.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; c {
		case '"', '\\', '\n':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\r':
			b.WriteString(`\r`)
		case 0:
			b.WriteString(`\000`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
