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
// See README.md for results, and for what the numbers leave out.
package main

import (
	"context"
	"flag"
	"fmt"
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
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one comparison.
type bench struct {
	blobs, records, runs int
}

func (b *bench) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "o365-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	host, err := rig.FindHost(dir)
	if err != nil {
		return err
	}
	runner := runner{host, dir}
	candidates, err := build(dir)
	if err != nil {
		return err
	}
	empty, err := startLoad(ctx, dir, 0, 0)
	if err != nil {
		return err
	}
	defer empty.stop()
	full, err := startLoad(ctx, dir, b.blobs, b.records)
	if err != nil {
		return err
	}
	defer full.stop()
	t := table{machine: machine(), host: host.Name, load: full.size}
	for _, c := range candidates {
		idle, err := runner.idle(ctx, empty, c)
		if err != nil {
			return err
		}
		t.rows = append(t.rows, row{name: c.name, idle: idle})
	}
	// In turns, so that a busy machine is the same for all.
	for range b.runs {
		for i, c := range candidates {
			u, err := runner.collect(ctx, full, c)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s: %.1f s of CPU time in %.0f s\n", c.name, u.cpu.Seconds(), u.wall.Seconds())
			t.rows[i].runs = append(t.rows[i].runs, u)
		}
	}
	return t.print(os.Stdout)
}
