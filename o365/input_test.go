package o365

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

func TestEveryRecordOnceAndUnchanged(t *testing.T) {
	for name, opt := range map[string]api.Options{
		"plain":      {Seed: 1, Blobs: 8, Records: 10},
		"duplicates": {Seed: 2, Blobs: 8, Records: 10, Duplicates: 10},
		"flaky":      {Seed: 3, Blobs: 8, Records: 10, PageSize: 3, Faults: api.Flaky(0.1)},
		"same time":  {Seed: 4, Blobs: 8, Records: 10, SameTime: 4, WholeTimes: true, PartStart: true},
		"strict":     {Seed: 5, Blobs: 8, Records: 10, ShortDay: true, Grace: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, opt)
			in := r.open()
			r.take(in, r.all)
			in.Close()
			r.check()
		})
	}
}

func TestReturnedBatchesComeAgain(t *testing.T) {
	inBubble(t, api.Options{Seed: 7, Blobs: 4, Records: 20}, func(t *testing.T, r *rig) {
		r.options["batch_size"] = "4k"
		in := r.open()
		n := 0
		for deadline := time.Now().Add(30 * time.Second); !r.all() && time.Now().Before(deadline); {
			b := in.Next()
			if b == nil {
				time.Sleep(time.Millisecond)
				continue
			}
			if n++; n%3 != 0 {
				b.Nack()
				continue
			}
			r.records = append(r.records, readEvents(t, b.Events)...)
			b.Ack()
		}
		in.Close()
		r.check()
	})
}

// What waits for Fluent Bit is bounded, and so is what is downloaded ahead.
func TestQueueIsBounded(t *testing.T) {
	inBubble(t, api.Options{Seed: 8, Blobs: 10, Records: 30}, func(t *testing.T, r *rig) {
		r.options["batch_size"], r.options["queue_size"] = "16k", "512k"
		in := r.open()
		defer in.Close()
		for deadline := time.Now().Add(30 * time.Second); in.delivery.Waiting() < 64e3; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("only %d bytes are queued although nothing is taken", in.delivery.Waiting())
			}
		}
		for range 50 {
			time.Sleep(5 * time.Millisecond)
			if n := in.delivery.Waiting(); n > 512<<10 {
				t.Fatalf("%d bytes are queued", n)
			}
		}
		r.take(in, r.all)
		r.check()
	})
}

// So are the blobs that are listed ahead.
func TestListedBlobsAreBounded(t *testing.T) {
	inBubble(t, api.Options{Seed: 8, Blobs: 300, Records: 2, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"], r.options["batch_size"], r.options["queue_size"] = api.Exchange, "4k", "64k"
		r.planned = 600
		in := r.open()
		defer in.Close()
		time.Sleep(time.Minute)
		if n := number(t, in, "pending_blobs"); n < minQueuedBlobs || n > 2*minQueuedBlobs {
			t.Errorf("%v blobs wait", n)
		}
		r.take(in, r.all)
		r.check()
	})
}

func TestTagPrefix(t *testing.T) {
	r := newRig(t, api.Options{Seed: 9, Blobs: 1, Records: 3})
	r.options["tag_prefix"] = "audit"
	in := r.open()
	defer in.Close()
	var tags []string
	for deadline := time.Now().Add(30 * time.Second); len(tags) < 5 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if b := in.Next(); b != nil {
			tags = append(tags, b.Tag)
			b.Ack()
		}
	}
	slices.Sort(tags)
	if got := strings.Join(tags, " "); got != "audit.azureactivedirectory audit.dlp audit.exchange audit.general audit.sharepoint" {
		t.Errorf("tags are %s", got)
	}
}

func TestCloseIsQuickWhileDownloading(t *testing.T) {
	r := newRig(t, api.Options{Seed: 10, Blobs: 50, Records: 20, Latency: 300 * time.Millisecond})
	in := r.open()
	time.Sleep(time.Second)
	begun := time.Now()
	in.Close()
	if d := time.Since(begun); d > time.Second {
		t.Errorf("Close took %s", d)
	}
	if all, well := number(t, in, "requests_total"), number(t, in, "requests_total", "200"); all != well {
		t.Errorf("%v of %v requests are counted as failed", all-well, all)
	}
}

func TestGapsBecomeHealthRecords(t *testing.T) {
	r := newRig(t, api.Options{Seed: 11, Blobs: 1, Records: 1, Subscribed: []string{api.Exchange}})
	r.options["db"] = filepath.Join(t.TempDir(), "state.db")
	r.options["health_tag"] = "o365.health"
	r.options["content_types"] = api.Exchange
	month := 30 * 24 * time.Hour
	book, err := ledger.Open(r.options["db"], ledger.Options{Retention: map[string]time.Duration{api.Exchange: 7 * 24 * time.Hour}, Now: func() time.Time { return time.Now().Add(-month) }})
	if err != nil {
		t.Fatal(err)
	}
	stream := source.Stream{Tenant: api.DefaultTenant, ContentType: api.Exchange}
	begun := time.Now().Add(-month).UTC().Truncate(time.Second)
	if _, err := book.Since(stream, begun.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := book.Complete(stream, source.Span{From: begun.Add(-time.Hour), To: begun}); err != nil {
		t.Fatal(err)
	}
	book.Close()

	in := r.open()
	defer in.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no health record; the log says:\n%s", r.log.text())
		}
		b := in.Next()
		if b == nil {
			continue
		}
		record := string(readEvents(t, b.Events)[0])
		b.Ack()
		if b.Tag != "o365.health" {
			continue
		}
		for _, want := range []string{`"Operation":"gap"`, `"ContentType":"Audit.Exchange"`, `"From":"` + begun.Format("2006-01-02T15:04:05") + `"`, `"Reason":"nothing was collected for longer`} {
			if !strings.Contains(record, want) {
				t.Errorf("the health record is %s, want %s in it", record, want)
			}
		}
		break
	}
	metrics := in.Metrics().Stream(api.DefaultTenant, api.Exchange)
	if lost := time.Duration(metrics.GapSeconds.Load()) * time.Second; metrics.Gaps.Load() != 1 || lost < 22*24*time.Hour || lost > 24*24*time.Hour {
		t.Errorf("%d gaps of %v", metrics.Gaps.Load(), lost)
	}
	if text := r.log.text(); strings.Count(text, "lost: content of "+begun.Format(time.RFC3339)) != 1 {
		t.Errorf("the log says:\n%s", text)
	}
}

func TestMalformedRecordsAreSaidAndTheOthersGoOn(t *testing.T) {
	inBubble(t, api.Options{Seed: 13, Blobs: 4, Records: 10, Faults: []api.Fault{{Kind: api.Insert, Op: "audit", Text: api.Number}}}, func(t *testing.T, r *rig) {
		in := r.open()
		defer in.Close()
		delivered := func() int64 {
			return in.Metrics().Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Delivered })
		}
		r.take(in, func() bool { return delivered() >= 20 })
		malformed := in.Metrics().Sum(func(s *metrics.Stream) *metrics.Counter { return &s.Malformed })
		if malformed == 0 || !strings.Contains(r.log.text(), "are left out") {
			t.Errorf("malformed: %d; the log says:\n%s", malformed, r.log.text())
		}
	})
}

func TestOpenRefusesWhatCantWork(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.pem")
	if err := os.WriteFile(bad, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	mail := func(url, passwordFile string) map[string]string {
		return map[string]string{"alert_email_to": "a@b", "alert_email_from": "c@d", "smtp_url": url, "smtp_password_file": passwordFile}
	}
	for _, tt := range []struct {
		name    string
		options map[string]string
		want    string // in the error
	}{
		{"no directory for db", map[string]string{"db": filepath.Join(dir, "no", "state.db")}, "db"},
		{"no CA file", map[string]string{"ca_file": filepath.Join(dir, "no.pem")}, "ca_file: "},
		{"bad CA file", map[string]string{"ca_file": bad}, "holds no certificate in PEM or DER"},
		{"no secret", map[string]string{"client_secret": "", "auth": "client_secret"}, "client_secret"},
		{"no secret file", map[string]string{"client_secret": "", "client_secret_file": filepath.Join(dir, "no")}, "client_secret_file"},
		{"secret twice", map[string]string{"client_secret_file": bad}, "client_secret: set it or client_secret_file, not both"},
		{"password alone", map[string]string{"certificate_password": "p"}, "certificate_password: has no effect without certificate_file"},
		{"one identity, two tenants", map[string]string{"auth": "managed_identity", "client_secret": "", "tenant_id": api.DefaultTenant + ",11111111-2222-4333-8444-555555555556"}, "a managed identity belongs to one tenant"},
		{"queue below batch", map[string]string{"queue_size": "64k", "batch_size": "65k"}, "queue_size: 64000 bytes is less than batch_size"},
		{"one tag for two", map[string]string{"health_tag": "a", "tag_prefix": "a"}, `health_tag: "a" is tag_prefix too`},
		{"mail without sender", map[string]string{"alert_email_to": "a@b", "smtp_url": "smtp://h"}, "alert_email_to: needs alert_email_from"},
		{"mail without server", map[string]string{"alert_email_to": "a@b", "alert_email_from": "a@b"}, "alert_email_to: needs smtp_url"},
		{"sender without mail", map[string]string{"alert_email_from": "a@b"}, "alert_email_from: has no effect without alert_email_to"},
		{"server without mail", map[string]string{"smtp_url": "smtp://h"}, "smtp_url: has no effect without alert_email_to"},
		{"mail password without mail", map[string]string{"smtp_password_file": bad}, "smtp_password_file: has no effect without alert_email_to"},
		{"mail password twice", mail("smtp://u:simulated-secret@h", bad), "smtp_password_file: set it or a password in smtp_url, not both"},
		{"mail password without user", mail("smtp://h", bad), "smtp_password_file: has no effect without a user in smtp_url"},
		{"mail user without password", mail("smtp://u@h", ""), "smtp_url: has a user without a password (set smtp_password_file)"},
		{"mail password for nobody", mail("smtp://:simulated-secret@h", ""), "smtp_url: has a password without a user"},
		{"mail password unencrypted", mail("smtp://u:simulated-secret@h?starttls=off", ""), "smtp_url: a password is never sent unencrypted"},
		{"no mail password file", mail("smtps://u@h", filepath.Join(dir, "no")), "smtp_password_file: " + filepath.Join(dir, "no") + ": no such file"},
		{"two mistakes", map[string]string{"poll_interval": "5x", "lookback": "30d"}, "lookback"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, api.Options{})
			for k, v := range tt.options {
				r.options[k] = v
			}
			in, err := r.tryOpen()
			if err == nil {
				in.Close()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), "simulated-secret") {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}

func TestTwoInputsOfOneTenantShareABudget(t *testing.T) {
	s := NewShared()
	if s.budget("e", "t", 100) != s.budget("e", "t", 50) || s.budget("e", "t", 100) == s.budget("e", "u", 100) {
		t.Error("budgets are not those of tenants")
	}
	if s.budget("e", "t", 100) == s.budget("other", "t", 100) {
		t.Error("the tenants of two clouds share a budget")
	}
	if got := s.budget("e", "t", 100).PerMinute(); got != 50 {
		t.Errorf("the budget is %v a minute, want the lowest that was asked for", got)
	}
}
