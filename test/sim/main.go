// Command sim serves a simulated Microsoft 365: the login service and the
// Management Activity API, with made-up audit records, behind TLS with a
// certificate authority of its own.
//
//	go run ./test/sim
//
// prints the settings of a Fluent Bit input for it. Whoever runs it from another
// process reads under /_sim/ what was requested of it; see package api.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then prints the account.
func run(ctx context.Context, args []string, out io.Writer) error {
	set, err := parse(args)
	if err != nil || set == nil {
		return err
	}
	s, err := server.Start(set.Options)
	if err != nil {
		return err
	}
	defer s.Down()
	if set.precompress {
		s.Precompress()
	}
	settings, environment := s.Settings(), map[string]string(nil)
	if set.vault {
		v, err := s.OpenVault()
		if err != nil {
			return err
		}
		defer v.Close()
		maps.Copy(settings, v.Settings)
		environment = v.Environment
	}
	if err := printSettings(s.URL(), settings, environment, out, set.readyFile); err != nil {
		return err
	}
	<-ctx.Done()
	s.Drain(time.Second)
	account, _ := json.MarshalIndent(s.Account(), "", "  ")
	fmt.Fprintf(out, "account: %s\n", account)
	return nil
}
