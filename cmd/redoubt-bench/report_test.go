package main

import (
	"strings"
	"testing"
)

func TestParseRate(t *testing.T) {
	const header = `"test","rps","avg_latency_ms","min_latency_ms"` + "\n"
	for _, c := range []struct {
		name, text string
		rate       float64
		says       string
	}{
		{"of version 7", header + `"SET","64766.84","0.4","0.1"` + "\n", 64766.84, ""},
		{"columns elsewhere", `"rps","test"` + "\n" + `"5.00","SET"` + "\n", 5, ""},
		{"without header", `"SET","12.50"` + "\n", 12.5, ""},
		{"several tests", header + `"GET","1.00","0","0"` + "\n" + `"SET","2.00","0","0"` + "\n", 2, ""},
		{"nothing", "", 0, "no row"},
		{"another test", header + `"GET","1.00","0","0"` + "\n", 0, "no row"},
		{"no rate", header + `"SET","fast","0","0"` + "\n", 0, "fast"},
		{"rate zero", header + `"SET","0.00","0","0"` + "\n", 0, "0.00"},
		{"endless rate", header + `"SET","inf","0","0"` + "\n", 0, "inf"},
		{"rate that is none", header + `"SET","nan","0","0"` + "\n", 0, "nan"},
		{"no rates at all", `"test"` + "\n" + `"SET"` + "\n", 0, "no row"},
		{"no CSV", `"SET`, 0, "output"},
	} {
		rate, err := parseRate(c.text, "set")
		if rate != c.rate || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v", c.name, rate, err)
		}
	}
}

func TestTable(t *testing.T) {
	m := newMeasurements([]peer{{name: "one"}, {name: "two"}}, []workload{{title: "A"}, {title: "B"}})
	// The second peer has half of the rate in most rounds, though the rates themselves jump about.
	for i, rate := range []float64{100, 1000, 10_000} {
		m.add(0, 0, rate)
		m.add(1, 0, []float64{rate / 2, rate / 2, rate}[i])
		m.add(0, 1, 1)
		m.add(1, 1, 1_234_567)
	}
	want := `| requests/s | A | B |
| --- | ---: | ---: |
| one | 1,000 | 1 |
| two | 500 | 1,234,567 |
| two / one | 0.50 | 1234567.00 |
`
	if got := m.table(); got != want {
		t.Errorf("table:\n%s\nwant:\n%s", got, want)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 3, 2, 1}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for rate, want := range map[float64]string{0: "0", 12.4: "12", 999.5: "1,000", 64766.84: "64,767", 1130000: "1,130,000"} {
		if got := thousands(rate); got != want {
			t.Errorf("%v is written %s, want %s", rate, got, want)
		}
	}
}

func TestTableWithBases(t *testing.T) {
	m := cpuMeasurements([]contender{{name: "one"}, {name: "two"}}, []workload{{title: "A"}})
	for i, v := range []float64{2, 0, 3, 1} {
		m.add(i, 0, v)
	}
	want := `| CPU s per million requests | A |
| --- | ---: |
| one, master | 2.00 |
| one, replica | 0.00 |
| two, master | 3.00 |
| two, replica | 1.00 |
| two, master / one, master | 1.50 |
| two, replica / one, replica | - |
`
	if got := m.table(); got != want {
		t.Errorf("table:\n%s\nwant:\n%s", got, want)
	}
}

func TestFailoverTable(t *testing.T) {
	rows := []failoverRow{{"three", "kill", []float64{900, 1100.4, 800}, 12345, 67}}
	want := `| failover | number | median, ms | worst, ms | writes acknowledged | of these lost |
| --- | ---: | ---: | ---: | ---: | ---: |
| kill: three | 3 | 900 | 1100 | 12,345 | 67 |
`
	if got := failoverTable(rows); got != want || lostIn(rows) != 67 {
		t.Errorf("table:\n%s\nwant:\n%s", got, want)
	}
}

func TestByKind(t *testing.T) {
	kinds := failoverKinds()
	rows := byKind([]failoverRow{
		{system: "a", title: kinds[0].title}, {system: "a", title: kinds[1].title}, {system: "b", title: kinds[0].title},
	})
	if len(rows) != 3 || rows[0].system != "a" || rows[1].system != "b" || rows[2].title != kinds[1].title {
		t.Errorf("rows %v", rows)
	}
}
