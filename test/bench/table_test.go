package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// three are tables of three turns.
func three() table {
	return table{
		load: api.Expectation{Bytes: 2e9, Wire: 4e8, Records: 7, Blobs: 3},
		rows: []row{
			{"naive", nil, 10e6, []usage{
				{7, 80 * time.Second, 40 * time.Second, 4 * time.Second, 210e6},
				{7, 81 * time.Second, 100 * time.Second, 10 * time.Second, 230e6},
				{7, 79 * time.Second, 30 * time.Second, 3 * time.Second, 190e6},
			}},
			{"o365", []string{"naive", "before"}, 10e6, []usage{
				{7, 16 * time.Second, 10 * time.Second, 4 * time.Second, 60e6},
				{7, 17 * time.Second, 20 * time.Second, 8 * time.Second, 70e6},
				{7, 15 * time.Second, 9 * time.Second, 3 * time.Second, 50e6},
			}},
			{"before", []string{"naive"}, 10e6, []usage{
				{7, 32 * time.Second, 11 * time.Second, 4 * time.Second, 70e6},
				{7, 17 * time.Second, 21 * time.Second, 8 * time.Second, 70e6},
				{7, 30 * time.Second, 9 * time.Second, 3 * time.Second, 110e6},
			}},
		},
	}
}

// contains looks for each text in what was printed, however columns are aligned.
func contains(t *testing.T, printed string, want ...string) {
	t.Helper()
	got := strings.Join(strings.Fields(printed), " ")
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("no %q in\n%s", w, printed)
		}
	}
}

func TestTable(t *testing.T) {
	tab := three()
	var out bytes.Buffer
	if err := tab.print(&out); err != nil {
		t.Fatal(err)
	}
	contains(t, out.String(), "2000 MB of JSON, 400 MB compressed: 7 records in 3 content blobs",
		"naive 80.0 25 40.00 4.00 20.00 50 210 10 200",
		"o365 16.0 125 10.00 4.00 5.00 200 60 10 50",
		"o365 : naive = 1 : 4.00 in CPU time, 1 : 6.00 without the host's, 1 : 5.00 in wall time, 1 : 4.00 in growth of memory",
		"o365 : before = 1 : 1.05 in CPU time, 1 : 1.08 without the host's, 1 : 2.00 in wall time, 1 : 1.20 in growth of memory",
		"before : naive = 1 : 3.64 in CPU time,")
}

func TestShapesTable(t *testing.T) {
	var out bytes.Buffer
	if err := printShapes(&out, []shape{{name: "small"}, {name: "large"}}, []table{three(), three()}); err != nil {
		t.Fatal(err)
	}
	lines := []string{
		"naive 80.0 25.0 20.00 200",
		"o365 16.0 125.0 5.00 50 1 : 4.00 1 : 5.00 1 : 1.05 1 : 2.00",
		"before 30.0 66.7 5.50 60 1 : 3.64 1 : 2.63",
	}
	all := strings.Join(lines, " ")
	contains(t, out.String(), "growth MB CPU : naive wall : naive CPU : before wall : before small 2000 3 "+all+" large 2000 3 "+all)
}
