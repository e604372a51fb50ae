package host_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// scrape reads what Fluent Bit shows of the plugin's metrics.
func scrape(url string) (string, error) {
	body, err := rig.Get(url)
	var ours strings.Builder
	for line := range strings.Lines(string(body)) {
		if strings.Contains(line, "fluentbit_o365_") {
			ours.WriteString(line)
		}
	}
	return ours.String(), err
}

// sample finds the value of the one series with these labels.
func sample(text, name string, labels ...string) (value float64, found bool) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "fluentbit_o365_"+name+"{") {
			continue
		}
		matches := true
		for _, label := range labels {
			matches = matches && strings.Contains(line, label)
		}
		if fields := strings.Fields(line); matches {
			v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			return v, err == nil
		}
	}
	return 0, false
}

// What Fluent Bit shows are the numbers of what it was given.
func TestFluentBitMetrics(t *testing.T) {
	bin := fluentBit(t)
	t.Parallel()
	const blobs, records = 6, 50
	w := simulate(t, api.Options{Blobs: blobs, Records: records})
	service, root, err := rig.HTTPServer()
	if err != nil {
		t.Fatal(err)
	}
	began := float64(time.Now().Unix())
	p := w.run(bin, service, w.input("", "alias=audit", "content_types=Audit.Exchange,Audit.General"))
	w.stored(2 * blobs * records)

	url := root + "/api/v2/metrics/prometheus"
	exchange := []string{`name="audit"`, `tenant="` + api.DefaultTenant + `"`, `content_type="Audit.Exchange"`}
	tenant := exchange[:2]
	var text string
	var done, lag float64
	await(t, "all blobs in the metrics", func() string {
		return fmt.Sprintf("%v blobs, a lag of %v, error %v, %s", done, lag >= 60, err, progressOf(p))
	}, func() bool {
		text, err = scrape(url)
		lag, _ = sample(text, "lag_seconds", exchange...)
		done, _ = sample(text, "blobs_total", append(exchange, `result="delivered"`)...)
		return done == blobs && lag < 60
	})
	now := float64(time.Now().Unix())
	for _, tt := range []struct {
		name        string
		labels      []string
		least, most float64
	}{
		{"up", exchange, 1, 1},
		{"records_total", exchange, records * blobs, records * blobs},
		{"bytes_total", exchange, 100 * records * blobs, 1e6},
		{"blobs_total", append(exchange, `result="lost"`), 0, 0},
		{"pending_blobs", exchange, 0, 0},
		{"queue_bytes", exchange, 0, 0},
		{"lag_seconds", exchange, 0, 60},
		{"complete_timestamp_seconds", exchange, began - 60, now},
		{"listed_timestamp_seconds", exchange, began - 60, now},
		{"last_success_timestamp_seconds", exchange, began - 60, now},
		{"newest_content_timestamp_seconds", exchange, now - 7*24*3600, now},
		{"token_expiry_timestamp_seconds", tenant, now + 60, now + 24*3600},
		{"requests_per_minute", tenant, 2000, 2000},
		{"requests_total", append(tenant, `operation="token"`, `code="200"`), 1, 1},
		{"requests_total", append(tenant, `operation="download"`, `code="200"`), 2 * blobs, 2 * blobs},
		{"requests_total", append(tenant, `operation="list"`, `code="AF429"`), 0, 0},
		{"throttled_total", tenant, 0, 0},
	} {
		if v, ok := sample(text, tt.name, tt.labels...); !ok || v < tt.least || v > tt.most {
			t.Errorf("%s%v is %.17g, want %.17g to %.17g", tt.name, tt.labels, v, tt.least, tt.most)
		}
	}
	histogram := true
	if n, ok := sample(text, "event_lag_seconds_count", exchange...); ok {
		all, _ := sample(text, "event_lag_seconds_bucket", append(exchange, `le="+Inf"`)...)
		if n != records*blobs || all != n {
			t.Errorf("the histogram has %v records, %v of them in all buckets", n, all)
		}
	} else if histogram = false; !regexp.MustCompile(` v([23]\.|4\.[012]\.)`).MatchString(bin.Name) {
		t.Errorf("%s shows no histogram", bin.Name)
	}
	for _, m := range metrics.All() {
		kind := fmt.Sprintf("# TYPE fluentbit_o365_%s %s\n", m.Name, m.Type)
		conditional := m.Name == "credential_expiry_timestamp_seconds" || strings.HasPrefix(m.Name, "replay_") || m.Type == metrics.HistogramType && !histogram
		if !conditional && strings.Count(text, kind) != 1 {
			t.Errorf("no %q", kind)
		}
	}
	promtool(t, text)
	stop(t, p, 0)
}

// promtool checks names, labels and help.
func promtool(t *testing.T, text string) {
	t.Helper()
	bin, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("not checked by promtool, which is not on PATH")
		return
	}
	check := exec.Command(bin, "check", "metrics")
	check.Stdin = bytes.NewReader([]byte(text))
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s\n%s", err, out, text)
	}
}
