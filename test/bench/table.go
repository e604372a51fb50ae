package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// table is the result. The first row is the yardstick.
type table struct {
	machine string
	host    string
	load    api.Expectation
	rows    []row
}

type row struct {
	name string
	idle int64 // bytes resident without anything to collect
	runs []usage
}

const (
	megabyte = 1e6
	gigabyte = 1e9
)

func (t *table) print(out io.Writer) error {
	yardstick := t.rows[0]
	fmt.Fprintf(out, "\n%s, %s, %s, medians of %d\n", t.machine, runtime.Version(), t.host, len(yardstick.runs))
	fmt.Fprintf(out, "%.0f MB of JSON, %.0f MB compressed: %d records in %d content blobs\n\n",
		float64(t.load.Bytes)/megabyte, float64(t.load.Wire)/megabyte, t.load.Records, t.load.Blobs)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\twall s\tMB/s\tCPU s\thost s\tCPU s/GB\tMB/CPU s\tpeak MB\tidle MB\tgrowth MB\t")
	for _, r := range t.rows {
		wall, cpu, peak := median(r.runs, usage.seconds), median(r.runs, usage.cpuSeconds), median(r.runs, usage.megabytes)
		idle := float64(r.idle) / megabyte
		fmt.Fprintf(w, "%s\t%.1f\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t\n",
			r.name, wall, float64(t.load.Bytes)/megabyte/wall, cpu, median(r.runs, usage.hostSeconds),
			cpu/(float64(t.load.Bytes)/gigabyte), float64(t.load.Bytes)/megabyte/cpu, peak, idle, peak-idle)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, r := range t.rows[1:] {
		fmt.Fprintf(out, "%s : %s = 1 : %.1f in CPU time, 1 : %.1f without the host's, 1 : %.1f in growth of memory\n", r.name, yardstick.name,
			ratio(yardstick, r, func(u usage, _ int64) float64 { return u.cpuSeconds() }),
			ratio(yardstick, r, func(u usage, _ int64) float64 { return u.cpuSeconds() - u.hostSeconds() }),
			ratio(yardstick, r, func(u usage, idle int64) float64 { return float64(u.peak - idle) }))
	}
	_, err := fmt.Fprint(out, `
CPU time counts: wall time is that of waiting as well. The yardstick hands over
once a second what has come by then, o365 one batch per content type as often
as Fluent Bit stores it. "host" is Fluent Bit's own part of the CPU time.
`)
	return err
}

func (u usage) seconds() float64     { return u.wall.Seconds() }
func (u usage) cpuSeconds() float64  { return u.cpu.Seconds() }
func (u usage) hostSeconds() float64 { return u.host.Seconds() }
func (u usage) megabytes() float64   { return float64(u.peak) / megabyte }

func median[T any](all []T, of func(T) float64) float64 {
	var values []float64
	for _, v := range all {
		values = append(values, of(v))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratio is the median of a's to b's figures in runs that followed each other.
func ratio(a, b row, of func(u usage, idle int64) float64) float64 {
	turns := make([]int, len(a.runs))
	for i := range turns {
		turns[i] = i
	}
	return median(turns, func(i int) float64 { return of(a.runs[i], a.idle) / of(b.runs[i], b.idle) })
}
