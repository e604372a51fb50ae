package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// shape is a load that differs from the others in one respect.
type shape struct {
	name       string
	records    int      // in a blob
	recordSize int      // bytes, about; 0: as they come
	flags      []string // more, for the simulator
}

// plainRecordSize is the size of a record as it comes, in bytes, on average.
const plainRecordSize = 1440

// shapes are those that are measured. The first is what the others differ from:
// unless it is the number of records in a blob, its size is the same.
func shapes() []shape {
	return []shape{
		{name: "1.4 KB a record, 400 a blob", records: 400},
		{name: "4 KB a record", records: 144, recordSize: 4000},
		{name: "16 KB a record", records: 36, recordSize: 16000},
		{name: "5 records a blob", records: 5},
		{name: "2,000 records a blob", records: 2000},
		{name: "HTTP/1.1", records: 400, flags: []string{"-http1"}},
		{name: "100 ms for an answer", records: 400, flags: []string{"-latency", "100ms"}},
	}
}

// blobs is how many blobs of each content type have so many MB of JSON together.
func (s shape) blobs(megabytes int) int {
	blob := s.records * max(s.recordSize, plainRecordSize)
	return max(1, (megabytes*megabyte+blob*len(types)/2)/(blob*len(types)))
}

// arguments are the simulator's flags.
func (s shape) arguments() []string {
	return append([]string{"-record-size", strconv.Itoa(s.recordSize)}, s.flags...)
}

// printShapes prints what each shape has cost, and the ratios to the rivals.
func printShapes(out io.Writer, shapes []shape, tables []table) error {
	rivals := tables[0].allRivals()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "load\tMB\tblobs\tplugin\twall s\tMB/s\tCPU s/GB\tgrowth MB\t")
	for _, name := range rivals {
		fmt.Fprintf(w, "CPU : %s\twall : %[1]s\t", name)
	}
	fmt.Fprintln(w)
	for i, t := range tables {
		load := fmt.Sprintf("%s\t%.0f\t%d", shapes[i].name, t.megabytes(), t.load.Blobs)
		for _, r := range t.rows {
			wall := r.median(usage.seconds)
			fmt.Fprintf(w, "%s\t%s\t%.1f\t%.1f\t%.2f\t%.0f\t", load, r.name, wall,
				t.megabytes()/wall, r.median(usage.cpuSeconds)/t.gigabytes(), r.growth())
			for _, name := range rivals {
				if !slices.Contains(r.rivals, name) {
					fmt.Fprint(w, "\t\t")
					continue
				}
				rival := t.row(name)
				fmt.Fprintf(w, "1 : %.2f\t1 : %.2f\t", ratio(rival, r, cpuSeconds), ratio(rival, r, seconds))
			}
			fmt.Fprintln(w)
			load = "\t\t"
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(out, `
o365 begins with 2,000 requests a minute, Microsoft's limit, which the yardstick
ignores: that is the wall time of small blobs, and CPU time of waiting.
`)
	return err
}

// allRivals are the names of all rows that another one is compared with.
func (t *table) allRivals() (names []string) {
	for _, r := range t.rows {
		for _, name := range r.rivals {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
