package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// table is what one load has cost. The first row is the yardstick.
type table struct {
	load api.Expectation
	rows []row
}

// row is what a candidate has used.
type row struct {
	name   string
	rivals []string // names of rows to compare it with
	idle   int64    // bytes resident without anything to collect
	runs   []usage
}

const (
	megabyte = 1e6
	gigabyte = 1e9
)

// setting is one line about what everything ran on, and how often.
func setting(machine, host string, runs int) string {
	return fmt.Sprintf("%s, %s, %s, medians of %d", machine, runtime.Version(), host, runs)
}

func (t *table) print(out io.Writer) error {
	fmt.Fprintf(out, "%.0f MB of JSON, %.0f MB compressed: %d records in %d content blobs\n\n",
		t.megabytes(), float64(t.load.Wire)/megabyte, t.load.Records, t.load.Blobs)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\twall s\tMB/s\tCPU s\thost s\tCPU s/GB\tMB/CPU s\tpeak MB\tidle MB\tgrowth MB\t")
	for _, r := range t.rows {
		wall, cpu, peak := r.median(usage.seconds), r.median(usage.cpuSeconds), r.median(usage.megabytes)
		fmt.Fprintf(w, "%s\t%.1f\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t\n",
			r.name, wall, t.megabytes()/wall, cpu, r.median(usage.hostSeconds),
			cpu/t.gigabytes(), t.megabytes()/cpu, peak, float64(r.idle)/megabyte, r.growth())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, r := range t.rows {
		for _, name := range r.rivals {
			rival := t.row(name)
			fmt.Fprintf(out, "%s : %s = 1 : %.2f in CPU time, 1 : %.2f without the host's, 1 : %.2f in wall time, 1 : %.2f in growth of memory\n",
				r.name, name, ratio(rival, r, cpuSeconds), ratio(rival, r, ownSeconds), ratio(rival, r, seconds), ratio(rival, r, growth))
		}
	}
	_, err := fmt.Fprint(out, `
CPU time counts: wall time is that of waiting as well. The yardstick hands over
once a second what has come by then, o365 batches of 64 KB as soon as Fluent Bit
can take them, with up to unstored_max (4 MB) on its way to storage. It begins
with 2,000 requests a minute, Microsoft's limit, which the yardstick ignores.
"host" is Fluent Bit's own part of the CPU time.
`)
	return err
}

func (t *table) megabytes() float64 { return float64(t.load.Bytes) / megabyte }
func (t *table) gigabytes() float64 { return float64(t.load.Bytes) / gigabyte }

// row is the one with a name.
func (t *table) row(name string) row {
	return t.rows[slices.IndexFunc(t.rows, func(r row) bool { return r.name == name })]
}
