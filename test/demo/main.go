// Command demo shows the plugin at work where there is no Microsoft 365 tenant:
//
//	make run
//
// It starts a simulated service that has seven days of made-up audit records
// and then makes some more, and loads the plugin in the Fluent Bit there is
// (FLUENT_BIT, PATH or /opt/fluent-bit/bin) or in test/host. Records go to the
// standard output, one line each; everything else goes to the standard error.
//
// What the service has is archived too, in the folder o365-demo-archive beside
// the plugin.
//
// It ends when everything has been delivered, or on Ctrl-C, with an account of
// what was lost, repeated or changed on the way. Its exit status is 0 only if
// nothing was.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

func main() {
	var d demo
	flag.StringVar(&d.plugin, "plugin", "build/in_o365.so", "the plugin")
	flag.IntVar(&d.blobs, "blobs", 56, "content blobs of seven days, per content type")
	flag.IntVar(&d.records, "records", 40, "records in a blob")
	flag.IntVar(&d.rounds, "rounds", 2, "how often a new blob of each content type is made after that")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C waits for nothing
	// A reader of the records who leaves is as good as Ctrl-C.
	ctx, leave := signal.NotifyContext(ctx, syscall.SIGPIPE)
	defer leave()
	if err := d.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	plugin                 string
	blobs, records, rounds int

	screen  *screen
	service *service
	tally   *tally
}

// stallLimit is how long no record may arrive.
const stallLimit = 90 * time.Second

var (
	errDiffers = errors.New("not everything arrived once and as it was")
	errEnded   = errors.New("the host ended by itself")
	errStuck   = fmt.Errorf("nothing arrived for %v", stallLimit)
)

func (d *demo) run(ctx context.Context) error {
	if _, err := os.Stat(d.plugin); err != nil {
		return fmt.Errorf("%w (make builds it)", err)
	}
	dir, err := os.MkdirTemp("", "o365-demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	host, err := rig.FindHost(dir)
	if err != nil {
		return err
	}
	if d.service, err = startService(dir, d.blobs, d.records); err != nil {
		return err
	}
	defer d.service.Down()
	d.tally = newTally(d.service)
	d.screen = newScreen(os.Stdout, os.Stderr)
	d.screen.note("%s loads %s", host, d.plugin)
	d.screen.note("%s", d.service)

	archive, err := d.archiveFolder()
	if err != nil {
		return err
	}
	process, err := d.start(host, dir, archive)
	if err != nil {
		return err
	}
	err = d.watch(ctx, process)
	early := ctx.Err() != nil
	if early {
		err = nil
	}
	peak, _ := process.PeakRSS() // 0 where there is no /proc
	if status := process.Stop(20 * time.Second); status != 0 {
		err = errors.Join(err, fmt.Errorf("exit status %d of %s", status, host))
	}
	d.screen.clear()
	text, ok := d.tally.verdict(early, peak)
	d.screen.note("%s", text)
	if !ok {
		err = errors.Join(err, errDiffers)
	}
	text, failed := archived(archive)
	if failed != nil {
		return errors.Join(err, failed)
	}
	d.screen.note("%s", text)
	return err
}

// watch waits for the backlog, then makes new blobs and waits for them.
func (d *demo) watch(ctx context.Context, p *rig.Process) error {
	if err := d.delivered(ctx, p); err != nil {
		return err
	}
	d.screen.note("the seven days are there: %s", d.tally.backfilled())
	pollInterval := d.service.Options()["poll_interval"]
	for range d.rounds {
		begin := time.Now()
		d.service.produce()
		if err := d.delivered(ctx, p); err != nil {
			return err
		}
		d.screen.note("a new blob of each content type arrived within %.0f s; the plugin looks for them every %s",
			time.Since(begin).Seconds(), pollInterval)
	}
	return nil
}

// delivered shows the progress and waits until nothing is missing.
func (d *demo) delivered(ctx context.Context, p *rig.Process) error {
	tick := time.NewTicker(time.Second / 2)
	defer tick.Stop()
	for !d.tally.complete() {
		d.screen.status(d.tally.progress())
		if d.tally.idle() > stallLimit {
			return errStuck
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return errEnded
		case <-tick.C:
		}
	}
	return nil
}
