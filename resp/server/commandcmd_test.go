package server

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
)

// parseRaw turns a raw reply, line ends written as "|", into nested values. Texts must not contain "|" themselves, except
// those of a known length. Sets come back sorted, maps as sorted "key=value" texts without the keys in skip.
func parseRaw(raw string, skip ...string) any {
	p := rawParser{rest: raw, skip: skip}
	return p.next()
}

type rawParser struct {
	rest string
	skip []string
}

func (p *rawParser) next() any {
	line, rest, _ := strings.Cut(p.rest, "|")
	if kind := line[0]; kind == '+' || kind == '-' { // names of subcommands hold a "|" too
		return p.status()
	}
	p.rest = rest
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$', '=':
		if n < 0 {
			return nil
		}
		text := p.rest[:n]
		p.rest = p.rest[n+1:]
		return text
	case ':':
		return n
	case '%':
		return p.mapping(n)
	case '*', '~':
		out := make([]any, n)
		for i := range out {
			out[i] = p.next()
		}
		if line[0] == '~' {
			slices.SortFunc(out, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		}
		return out
	}
	return line
}

func (p *rawParser) status() any {
	line, rest, _ := strings.Cut(p.rest, "|")
	p.rest = rest
	return line
}

func (p *rawParser) mapping(n int) any {
	var out []string
	for range n {
		key, value := p.next(), p.next()
		if !slices.Contains(p.skip, fmt.Sprint(key)) {
			out = append(out, fmt.Sprintf("%v=%v", key, value))
		}
	}
	slices.Sort(out)
	return out
}

// notInRedis names the commands of this package that Redis 7.0 does not have, and the scripts that tests fake.
func notInRedis() []string {
	return []string{"cluster|groups", "cluster|verify", "cluster|myshardid", "client|setinfo", "eval", "eval_ro", "evalsha", "evalsha_ro"}
}

// ownSpecs are the specs whose descriptions this file answers for.
func ownSpecs() []*command.Spec {
	var out []*command.Spec
	for _, fronts := range [][]front{clusterCommands(), infoCommands(), configCommands(), commandCommands(), adminCommands()} {
		for _, f := range fronts {
			out = append(out, f.spec)
		}
	}
	return out
}

// TestSpecsAreRedis compares what COMMAND INFO says of all commands, and COMMAND DOCS of our own, with a real server.
// Arguments and history are not documented here.
func TestSpecsAreRedis(t *testing.T) {
	t.Parallel()
	real := startReal(t)
	real.ask("HELLO", "3")
	d := newDesk(t)
	d.proto = 3
	for _, name := range strings.Split(strings.Trim(fmt.Sprint(parseRaw(d.ask("COMMAND", "LIST"))), "[]"), " ") {
		if slices.Contains(notInRedis(), name) {
			continue
		}
		got, want := parseRaw(d.ask("COMMAND", "INFO", name)), parseRaw(real.ask("COMMAND", "INFO", name))
		if fmt.Sprint(withoutSubs(got)) != fmt.Sprint(withoutSubs(want)) {
			t.Errorf("COMMAND INFO %s:\n%v\nRedis:\n%v", name, got, want)
		}
	}
	for _, spec := range ownSpecs() {
		if slices.Contains(notInRedis(), spec.Name) {
			continue
		}
		skip := []string{"arguments", "history", "subcommands"}
		got, want := parseRaw(d.ask("COMMAND", "DOCS", spec.Name), skip...), parseRaw(real.ask("COMMAND", "DOCS", spec.Name), skip...)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("COMMAND DOCS %s:\n%v\nRedis:\n%v", spec.Name, got, want)
		}
	}
}

// withoutSubs cuts the subcommands off a description of one command, but leaves a mark of what kind of list they were in.
func withoutSubs(reply any) any {
	one, ok := reply.([]any)[0].([]any)
	if !ok {
		return reply
	}
	return one[:len(one)-1]
}

func TestSubcommandsAreRedis(t *testing.T) {
	t.Parallel()
	real := startReal(t)
	d := newDesk(t)
	for _, container := range []string{"cluster", "config", "command", "slowlog", "latency", "module"} {
		names := func(raw string) (out []string) {
			for _, name := range parseRaw(raw).([]any) {
				if !slices.Contains(notInRedis(), name.(string)) {
					out = append(out, name.(string))
				}
			}
			slices.Sort(out)
			return out
		}
		got := names(d.ask("COMMAND", "LIST", "FILTERBY", "PATTERN", container+"*"))
		want := names(real.ask("COMMAND", "LIST", "FILTERBY", "PATTERN", container+"*"))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, Redis: %q", container, got, want)
		}
	}
}

// TestCommandIsRedis compares the other replies of COMMAND, for commands that both servers have.
func TestCommandIsRedis(t *testing.T) {
	t.Parallel()
	real := startReal(t)
	d := newDesk(t)
	for _, line := range []string{
		"COMMAND FOO", "COMMAND COUNT x", "COMMAND LIST FILTERBY", "COMMAND LIST FOO BAR", "COMMAND LIST FILTERBY FOO BAR", "COMMAND LIST FILTERBY MODULE json",
		"COMMAND LIST FILTERBY ACLCAT nosuch", "COMMAND LIST FILTERBY ACLCAT @admin", "COMMAND LIST FILTERBY PATTERN getex", "COMMAND LIST FILTERBY PATTERN GETE?",
		"COMMAND GETKEYS", "COMMAND GETKEYS foo", "COMMAND GETKEYS foo bar", "COMMAND GETKEYS get", "COMMAND GETKEYS get a", "COMMAND GETKEYS get a b", "COMMAND GETKEYS ping a",
		"COMMAND GETKEYS ping a b", "COMMAND GETKEYS config get", "COMMAND GETKEYS config foo", "COMMAND GETKEYS config get a", "COMMAND GETKEYS command count",
		"COMMAND GETKEYS mset a 1 b 2", "COMMAND GETKEYS mset a", "COMMAND GETKEYS msetnx a 1 b", "COMMAND GETKEYS object encoding a", "COMMAND GETKEYS object freq",
		"COMMAND GETKEYS sintercard 2 a b", "COMMAND GETKEYS sintercard 5 a b", "COMMAND GETKEYS lmpop 1 a left", "COMMAND GETKEYS move a 1",
		"COMMAND GETKEYSANDFLAGS get a", "COMMAND GETKEYSANDFLAGS mset a 1 b 2", "COMMAND GETKEYSANDFLAGS set a 1 get", "COMMAND GETKEYSANDFLAGS set a b",
		"COMMAND GETKEYSANDFLAGS rename a b", "COMMAND GETKEYSANDFLAGS sintercard 2 a b", "COMMAND GETKEYSANDFLAGS lmove a b left right", "COMMAND GETKEYSANDFLAGS sunionstore d a b",
		"COMMAND INFO foo", "COMMAND INFO get|foo", "COMMAND INFO config|foo", "COMMAND INFO Config|Get", "COMMAND INFO GET nosuch", "COMMAND DOCS foo", "COMMAND DOCS get|x",
	} {
		d.want(line, real.ask(strings.Split(line, " ")...))
	}
}

func TestCommandCountsAndLists(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.server.table.All()
	d.want("COMMAND COUNT", fmt.Sprintf(":%d|", len(all)))
	if got := parseRaw(d.ask("COMMAND")).([]any); len(got) != len(all) {
		t.Errorf("COMMAND describes %d commands of %d", len(got), len(all))
	}
	if a, b := d.ask("COMMAND"), d.ask("COMMAND", "INFO"); a != b {
		t.Error("COMMAND and COMMAND INFO differ")
	}
	total := len(all)
	for _, spec := range all {
		total += len(spec.Subs)
	}
	if got := parseRaw(d.ask("COMMAND", "LIST")).([]any); len(got) != total {
		t.Errorf("COMMAND LIST lists %d of %d names", len(got), total)
	}
	d.proto = 3
	if got := d.ask("COMMAND", "DOCS"); !strings.HasPrefix(got, fmt.Sprintf("%%%d|", len(all))) {
		t.Errorf("COMMAND DOCS begins %.10q", got)
	}
	if got := d.ask("COMMAND", "DOCS", "cluster"); !strings.Contains(got, "|$14|cluster|groups|%") {
		t.Error("COMMAND DOCS cluster does not document cluster|groups")
	}
}

func TestHelpHasEverySubcommand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, container := range []string{"cluster", "config", "command", "slowlog", "latency", "module"} {
		spec := d.server.table.Lookup([]byte(container))
		help := d.ask(spec.Name, "HELP")
		for _, sub := range spec.Subs {
			_, name, _ := strings.Cut(sub.Name, "|")
			if name != "slaves" && !strings.Contains(help, "|+"+strings.ToUpper(name)) {
				t.Errorf("%s HELP does not mention %s", spec.Name, name)
			}
		}
	}
}
