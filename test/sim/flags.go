package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

// settings are the values of the flags.
type settings struct {
	server.Options
	readyFile   string
	precompress bool
	vault       bool
}

// parse reads the command line. With -h it prints the flags and returns nil.
func parse(args []string) (*settings, error) {
	s := &settings{}
	o := &s.API
	f := flag.NewFlagSet("sim", flag.ContinueOnError)

	f.StringVar(&s.Listen, "listen", "127.0.0.1:8365", "address to serve on; port 0 takes a free one")
	f.StringVar(&s.CAFile, "ca-out", "sim-ca.pem", "file to write the certificate authority to")
	f.BoolVar(&s.HTTP1, "http1", false, "HTTP/1.1 only; resets and cut bodies are those of TCP then")
	f.BoolVar(&s.precompress, "store", false, "make the backlog's bodies beforehand, so that they cost little when they are requested")
	f.StringVar(&s.readyFile, "ready-file", "", "file to write the settings to, as JSON, when ready")
	f.StringVar(&s.App.ClientID, "client-id", server.ClientID, "application id")
	f.StringVar(&s.App.Secret, "client-secret", server.ClientSecret, "its secret")
	f.BoolVar(&s.vault, "vault", false, "the secret is in a Key Vault; the settings have the proxy that leads there, and the environment of the machine that may read it")
	roles := f.String("roles", api.RoleRead+","+api.RoleReadDLP, "what the application may do")
	f.DurationVar(&s.Login.TokenLifetime, "token-life", time.Hour, "life of an access token")

	f.Uint64Var(&o.Seed, "seed", 1, "everything random follows from it")
	tenants := f.Int("tenants", 1, "number of tenants")
	types := f.String("types", strings.Join(api.ContentTypes(), ","), "content types that exist")
	start := f.String("start", "", "time the simulation began, RFC 3339; the same time and seed give the same records (default now)")

	f.DurationVar(&o.Back, "back", 7*24*time.Hour-time.Hour, "how far back content goes")
	f.IntVar(&o.Blobs, "blobs", 168, "blobs per content type before the start")
	f.IntVar(&o.Records, "records", 20, "records in a blob")
	f.Var((*size)(&o.RecordSize), "record-size", "size of a record, about, such as 4k: smaller ones are made longer")
	f.IntVar(&o.Large, "large", 0, "so many of the blobs are large")
	o.LargeSize = 100 << 20
	f.Var((*size)(&o.LargeSize), "large-size", "size of a large blob, such as 100M")
	f.Float64Var(&o.Duplicates, "duplicates", 1, "percent of records that repeat an earlier one")
	f.Float64Var(&o.Late, "late", 0, "percent of blobs listed late")
	f.DurationVar(&o.LateBy, "late-by", 30*time.Second, "how late")
	f.IntVar(&o.SameTime, "same-time", 1, "so many blobs in a row share one contentCreated")
	f.BoolVar(&o.WholeTimes, "whole-times", false, "contentCreated on whole seconds")
	f.DurationVar(&o.Live, "live", 10*time.Second, "a new blob per content type each so often; 0 for none")
	f.IntVar(&o.LiveBlobs, "live-blobs", 1, "new blobs each time")

	subscribed := f.String("subscribed", "", "content types enabled from the beginning")
	f.DurationVar(&o.FirstContent, "first-content", 0, "time from the first start to the first content")
	f.DurationVar(&o.StartWait, "start-wait", 0, "refuse a start sooner than this after the last one")
	f.BoolVar(&o.AuditingOff, "auditing-off", false, "the tenants' audit log is off until /_sim/auditing turns it on")

	f.IntVar(&o.PageSize, "page-size", 100, "entries of a listing's page")
	f.DurationVar(&o.PageLife, "page-life", 0, "how long a next page can be requested; 0 without limit")
	f.DurationVar(&o.Grace, "grace", time.Hour, "how far beyond 7 days a listing may start; -1ns for none")
	f.BoolVar(&o.ShortDay, "short-day", false, "refuse windows of exactly 24 hours")
	f.BoolVar(&o.LongWindow, "long-window", false, "answer longer windows with half of their content")
	f.BoolVar(&o.PartStart, "part-start", false, "a listing from a blob's contentCreated has its second half only")
	f.DurationVar(&o.Life, "life", 7*24*time.Hour, "time from a blob's listing to its expiration")

	f.DurationVar(&o.Skew, "skew", 0, "how far the service's clock is ahead")
	f.DurationVar(&o.Latency, "latency", 0, "time before every answer")
	f.IntVar(&o.Quota.PerMinute, "quota", 0, "requests per minute and tenant; 0 for no limit")
	f.BoolVar(&o.Quota.Sliding, "quota-sliding", false, "any 60 seconds count, not the minutes of the clock")
	f.BoolVar(&o.Quota.Harsh, "quota-harsh", false, "refused requests count too")
	flaky := f.Float64("flaky", 0, "percent of requests that fail at first, in changing ways")
	faults := f.String("faults", "", "faults as a JSON array, or @FILE; see api.Fault")

	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	s.App.Roles = list(*roles)
	o.Types, o.Subscribed = list(*types), list(*subscribed)
	for i := range *tenants {
		// The first is the default tenant, the others count on from it.
		o.Tenants = append(o.Tenants, fmt.Sprintf("%s%012d", api.DefaultTenant[:24], 555555555555+i))
	}
	s.Login.Seed = o.Seed
	s.Login.Now = func() time.Time { return time.Now().Add(o.Skew) }
	return s, s.finish(*start, *flaky, *faults)
}

func (s *settings) finish(start string, flaky float64, faults string) error {
	o := &s.API
	if start != "" {
		var err error
		if o.Start, err = time.Parse(time.RFC3339, start); err != nil {
			return fmt.Errorf("-start: %w", err)
		}
	}
	if flaky > 0 {
		o.Faults = api.Flaky(flaky / 100)
	}
	if faults == "" {
		return nil
	}
	var r io.Reader = strings.NewReader(faults)
	if path, ok := strings.CutPrefix(faults, "@"); ok {
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("-faults: %w", err)
		}
		defer file.Close()
		r = file
	}
	more, err := api.ParseFaults(r)
	o.Faults = append(o.Faults, more...)
	return err
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// size is a number of bytes, with an optional unit k, M or G.
type size int64

func (s *size) String() string { return strconv.FormatInt(int64(*s), 10) }

func (s *size) Set(text string) error {
	shift := 0
	switch {
	case strings.HasSuffix(text, "k"):
		shift = 10
	case strings.HasSuffix(text, "M"):
		shift = 20
	case strings.HasSuffix(text, "G"):
		shift = 30
	}
	n, err := strconv.ParseInt(strings.TrimRight(text, "kMG"), 10, 40)
	*s = size(n << shift)
	return err
}
