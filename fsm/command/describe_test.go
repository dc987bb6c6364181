package command_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
)

// description is what COMMAND INFO and COMMAND DOCS say about a command.
type description struct {
	Arity                          string
	Flags, ACL, Tips, Keys         []string
	First, Last, Step              string
	Since, Group, Summary          string
	Complexity, Deprecated, Better string
	Subs                           []string
}

// compareDescriptions checks every spec against the real server's.
func compareDescriptions(t *testing.T, server *redisServer) {
	conn := server.dial(t, 3)
	for _, s := range command.Specs() {
		info := mustParse(t, conn.do(t, "COMMAND", "INFO", s.Name))
		docs := mustParse(t, conn.do(t, "COMMAND", "DOCS", s.Name))
		if len(info.elems) != 1 || len(docs.elems) != 2 {
			t.Errorf("%s: Redis does not know it", s.Name)
			continue
		}
		compareDescription(t, s, info.elems[0], docs.elems[1])
	}
}

func compareDescription(t *testing.T, s *command.Spec, info, docs reply) {
	want, got := described(info, docs), describe(s)
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			t.Errorf("%s: %s\nredis %q\nours  %q", s.Name, w.Type().Field(i).Name, w.Field(i), g.Field(i))
		}
	}
	subDocs := docs.pairs()["subcommands"].pairs()
	for _, sub := range info.elems[9].elems {
		i := slices.IndexFunc(s.Subs, func(ours *command.Spec) bool { return ours.Name == sub.elems[0].text })
		if i >= 0 {
			compareDescription(t, s.Subs[i], sub, subDocs[s.Subs[i].Name])
		}
	}
}

// described reads one entry of COMMAND INFO and of COMMAND DOCS.
func described(info, docs reply) description {
	doc := docs.pairs()
	d := description{
		Arity: info.elems[1].text, Flags: info.elems[2].strings(), ACL: info.elems[6].strings(), Tips: info.elems[7].strings(),
		First: info.elems[3].text, Last: info.elems[4].text, Step: info.elems[5].text,
		Since: doc["since"].text, Group: doc["group"].text, Summary: doc["summary"].text, Complexity: doc["complexity"].text,
		Deprecated: doc["deprecated_since"].text, Better: doc["replaced_by"].text,
	}
	for _, k := range info.elems[8].elems {
		d.Keys = append(d.Keys, describedKey(k.pairs()))
	}
	for _, sub := range info.elems[9].elems {
		d.Subs = append(d.Subs, sub.elems[0].text)
	}
	slices.Sort(d.Subs)
	return d
}

// describedKey reads one key spec of COMMAND INFO.
func describedKey(k map[string]reply) string {
	flags := k["flags"]
	begin, find := k["begin_search"].pairs(), k["find_keys"].pairs()
	where, what := begin["spec"].pairs(), find["spec"].pairs()
	out := fmt.Sprintf("%s %q %s", strings.Join(flags.strings(), " "), k["notes"].text, begin["type"].text)
	switch begin["type"].text {
	case "index":
		out += " " + where["index"].text
	case "keyword":
		out += " " + where["keyword"].text + " " + where["startfrom"].text
	}
	out += " " + find["type"].text
	switch find["type"].text {
	case "range":
		out += " " + what["lastkey"].text + " " + what["keystep"].text + " " + what["limit"].text
	case "keynum":
		out += " " + what["keynumidx"].text + " " + what["firstkey"].text + " " + what["keystep"].text
	}
	return out
}

// describe tells the same about a spec of ours.
func describe(s *command.Spec) description {
	d := description{
		Arity: fmt.Sprint(s.Arity), Flags: orEmpty(s.Flags.Names()), Tips: orEmpty(s.Tips), ACL: []string{},
		First: fmt.Sprint(s.FirstKey), Last: fmt.Sprint(s.LastKey), Step: fmt.Sprint(s.Step),
		Since: s.Since, Group: s.Group, Summary: s.Summary, Complexity: s.Complexity,
		Deprecated: s.DeprecatedSince, Better: s.ReplacedBy,
	}
	for _, category := range s.ACL {
		d.ACL = append(d.ACL, "@"+category)
	}
	for _, k := range s.Specifications() {
		d.Keys = append(d.Keys, describeKey(k))
	}
	for _, sub := range s.Subs {
		d.Subs = append(d.Subs, sub.Name)
	}
	slices.Sort(d.Subs)
	return d
}

func describeKey(k command.KeySpec) string {
	out := fmt.Sprintf("%s %q ", k.Flags, k.Notes)
	switch {
	case k.Keyword != "":
		out += fmt.Sprintf("keyword %s %d", k.Keyword, k.StartFrom)
	case k.Index != 0:
		out += fmt.Sprintf("index %d", k.Index)
	default:
		return out + "unknown unknown"
	}
	if k.KeyNum {
		return out + fmt.Sprintf(" keynum %d %d %d", k.KeyNumIndex, k.FirstKey, k.Step)
	}
	return out + fmt.Sprintf(" range %d %d %d", k.Last, k.Step, k.Limit)
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func mustParse(t *testing.T, raw []byte) reply {
	t.Helper()
	v, err := parseReply(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return v
}
