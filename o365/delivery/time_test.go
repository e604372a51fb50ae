package delivery

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// A record's age is by the service's clock, which made its CreationTime.
func TestEventLagIsByTheServicesClock(t *testing.T) {
	for _, skew := range []time.Duration{0, 15 * time.Minute, -26 * time.Hour, 8 * 24 * time.Hour} {
		set := metrics.New([]string{"t"}, []string{"c"})
		d := New(Config{BatchSize: 1 << 20, QueueSize: 8 << 20}, openMemory(t), health.NewMonitor(set.StreamIDs(), nil, nil, nil), set, nil, nil)
		tenant := d.Tenant("t", []source.ContentType{{Name: "c", Limits: source.Limits{Retention: 7 * 24 * time.Hour}}})
		service := time.Now().Add(skew)
		set.Tenant("t").Clock.Set(metrics.Moment{Local: time.Now(), Service: service})
		created := service.Add(-2 * time.Hour).UTC()
		item := tenant.Announce(source.Item{ContentType: "c", ID: "a", Created: created}, func() {})
		record := `[{"Id":"1","CreationTime":"` + created.Format("2006-01-02T15:04:05") + `"}]`
		if err := item.Deliver(t.Context(), strings.NewReader(record)); err != nil {
			t.Fatal(err)
		}
		d.Next().Ack()
		if _, sum := set.Stream("t", "c").EventLag.Read(); sum < 7200 || sum > 7800 {
			t.Errorf("%v: the record is %v s old, want two hours", skew, sum)
		}
		d.Close(time.Now().Add(time.Second))
	}
}

// How long ago the last Ack was does not depend on how the clock is set.
func TestLastAckIsMonotonic(t *testing.T) {
	set := metrics.New([]string{"t"}, []string{"c"})
	d := New(Config{BatchSize: 1 << 20, QueueSize: 8 << 20}, openMemory(t), health.NewMonitor(set.StreamIDs(), nil, nil, nil), set, nil, nil)
	if at := d.LastAck(); at == at.Round(0) {
		t.Errorf("%v has no monotonic reading", at)
	}
	d.Close(time.Now().Add(time.Second))
}
