package main

import (
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// table is the result. The first row is the yardstick.
type table struct {
	machine string
	host    string
	load    cloud.Expectation
	runs    int
	rows    []row
}

type row struct {
	name string
	usage
	idle int64 // bytes resident without anything to collect
}

const (
	megabyte = 1e6
	gigabyte = 1e9
)

func (t *table) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s, %s, %s, median of %d\n", t.machine, runtime.Version(), t.host, t.runs)
	fmt.Fprintf(out, "%.0f MB of JSON, %.0f MB compressed: %d records in %d content blobs\n\n",
		float64(t.load.Bytes)/megabyte, float64(t.load.Wire)/megabyte, t.load.Records, t.load.Blobs)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\trecords\twall s\tMB/s\tCPU s\tengine s\tCPU s/GB\tMB/CPU s\tpeak MB\tidle MB\tgrowth MB\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%d\t%.1f\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t\n",
			r.name, r.records, r.wall.Seconds(), float64(t.load.Bytes)/megabyte/r.wall.Seconds(),
			r.cpu.Seconds(), r.host.Seconds(), t.perGigabyte(r), 1000/t.perGigabyte(r),
			float64(r.peak)/megabyte, float64(r.idle)/megabyte, float64(r.growth())/megabyte)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, r := range t.rows[1:] {
		fmt.Fprintf(out, "%s : %s = 1 : %.1f in CPU time per GB, 1 : %.1f without the engine's, 1 : %.1f in memory\n", r.name, t.rows[0].name,
			t.perGigabyte(t.rows[0])/t.perGigabyte(r),
			float64(t.rows[0].cpu-t.rows[0].host)/float64(r.cpu-r.host),
			float64(t.rows[0].growth())/float64(r.growth()))
	}
	_, err := fmt.Fprint(out, `
CPU time counts: wall time is that of waiting as well. The yardstick hands over
once a second what has come by then, o365 one batch per content type as often
as Fluent Bit stores it. "engine" is Fluent Bit's own part of the CPU time.
`)
	return err
}

// perGigabyte is CPU seconds for 10^9 bytes of JSON.
func (t *table) perGigabyte(r row) float64 {
	return r.cpu.Seconds() / (float64(t.load.Bytes) / gigabyte)
}

func (r row) growth() int64 { return r.peak - r.idle }
