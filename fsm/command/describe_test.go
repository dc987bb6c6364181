package command_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
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
		if len(info.Elems) != 1 || len(docs.Elems) != 2 {
			t.Errorf("%s: Redis does not know it", s.Name)
			continue
		}
		compareDescription(t, s, info.Elems[0], docs.Elems[1])
	}
}

func compareDescription(t *testing.T, s *command.Spec, info, docs reply.Value) {
	want, got := described(info, docs), describe(s)
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			t.Errorf("%s: %s\nredis %q\nours  %q", s.Name, w.Type().Field(i).Name, w.Field(i), g.Field(i))
		}
	}
	subDocs := docs.Pairs()["subcommands"].Pairs()
	for _, sub := range info.Elems[9].Elems {
		i := slices.IndexFunc(s.Subs, func(ours *command.Spec) bool { return ours.Name == sub.Elems[0].Text })
		if i >= 0 {
			compareDescription(t, s.Subs[i], sub, subDocs[s.Subs[i].Name])
		}
	}
}

// described reads one entry of COMMAND INFO and of COMMAND DOCS.
func described(info, docs reply.Value) description {
	doc := docs.Pairs()
	d := description{
		Arity: info.Elems[1].Text, Flags: info.Elems[2].Strings(), ACL: info.Elems[6].Strings(), Tips: info.Elems[7].Strings(),
		First: info.Elems[3].Text, Last: info.Elems[4].Text, Step: info.Elems[5].Text,
		Since: doc["since"].Text, Group: doc["group"].Text, Summary: doc["summary"].Text, Complexity: doc["complexity"].Text,
		Deprecated: doc["deprecated_since"].Text, Better: doc["replaced_by"].Text,
	}
	for _, k := range info.Elems[8].Elems {
		d.Keys = append(d.Keys, describedKey(k.Pairs()))
	}
	for _, sub := range info.Elems[9].Elems {
		d.Subs = append(d.Subs, sub.Elems[0].Text)
	}
	slices.Sort(d.Subs)
	return d
}

// describedKey reads one key spec of COMMAND INFO.
func describedKey(k map[string]reply.Value) string {
	flags := k["flags"]
	begin, find := k["begin_search"].Pairs(), k["find_keys"].Pairs()
	where, what := begin["spec"].Pairs(), find["spec"].Pairs()
	out := fmt.Sprintf("%s %q %s", strings.Join(flags.Strings(), " "), k["notes"].Text, begin["type"].Text)
	switch begin["type"].Text {
	case "index":
		out += " " + where["index"].Text
	case "keyword":
		out += " " + where["keyword"].Text + " " + where["startfrom"].Text
	}
	out += " " + find["type"].Text
	switch find["type"].Text {
	case "range":
		out += " " + what["lastkey"].Text + " " + what["keystep"].Text + " " + what["limit"].Text
	case "keynum":
		out += " " + what["keynumidx"].Text + " " + what["firstkey"].Text + " " + what["keystep"].Text
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

func mustParse(t *testing.T, raw []byte) reply.Value {
	t.Helper()
	v, err := reply.Parse(raw)
	if err != nil {
		t.Fatalf("%q: %v", raw, err)
	}
	return v
}
