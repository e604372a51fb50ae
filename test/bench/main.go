// Command bench measures what it costs to bring audit records into Fluent Bit,
// and compares the plugin with one written the usual way (test/bench/naive):
//
//	make bench
//
// A simulated Microsoft 365 (test/sim), a process of its own, serves content
// blobs made beforehand over TLS, compressed. Both plugins collect all of them
// in turn, in the Fluent Bit there is (FLUENT_BIT, PATH or
// /opt/fluent-bit/bin) with the null output, or in test/host. CPU time is the
// operating system's account of the whole process, from its start to its end.
//
// With -against it builds the plugin of an earlier commit too, and compares that;
// with -shapes it compares the plugins without a state file by loads of several
// shapes.
//
// See README.md for results, and for what the numbers leave out.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

func main() {
	var b bench
	flag.IntVar(&b.blobs, "blobs", 200, "content blobs per content type")
	flag.IntVar(&b.records, "records", 400, "records in a blob")
	flag.IntVar(&b.runs, "runs", 1, "runs of each; medians count")
	flag.StringVar(&b.against, "against", "", "commit of an earlier plugin to compare with")
	flag.BoolVar(&b.shapes, "shapes", false, "loads of several shapes; -blobs and -records do not count")
	flag.IntVar(&b.megabytes, "mb", 60, "MB of JSON in each of the -shapes, about")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one comparison.
type bench struct {
	blobs, records, runs int
	against              string
	shapes               bool
	megabytes            int
}

func (b *bench) run(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "o365-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	host, err := rig.FindHost(dir)
	if err != nil {
		return err
	}
	candidates, err := build(ctx, dir, b.against)
	if err != nil {
		return err
	}
	if b.shapes {
		candidates = withoutDB(candidates)
	}
	heading := setting(machine(), host.Name, b.runs)
	m := meter{runner: runner{host, dir}, candidates: candidates, runs: b.runs}
	if err := m.weigh(ctx); err != nil {
		return err
	}
	if b.shapes {
		tables, err := m.measureShapes(ctx, shapes(), b.megabytes)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s\n\n", heading)
		return printShapes(out, shapes(), tables)
	}
	t, err := m.measure(ctx, b.blobs, b.records)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", heading)
	return t.print(out)
}
