package ledger

import (
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// benchKeys is the number of record keys to measure with, LEDGER_BENCH_KEYS or
// 100,000; there are a seventh as many blobs.
func benchKeys(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("LEDGER_BENCH_KEYS"))
	if err != nil {
		n = 100000
	}
	b.Logf("%d record keys", n)
	return n
}

func benchDeliveries(random *rand.Rand, first, keys int) []Delivery {
	var ds []Delivery
	for i := range keys / 7 {
		created := start.Add(time.Duration(first/7+i) * 864 * time.Millisecond)
		stamp := created.Format("20060102150405.000000000")
		stamp = strings.Replace(stamp, ".", "", 1)
		d := Delivery{
			Stream:  exchange,
			Blob:    stamp + "$" + stamp + "$audit_exchange$Audit_Exchange$emea0036$emea0036",
			Created: created, Expires: created.Add(7 * 24 * time.Hour), Through: 7, Done: true,
		}
		for range 7 {
			var k Key
			for i := range k {
				k[i] = byte(random.Uint32())
			}
			k = k.first()
			d.Keys = append(d.Keys, k)
		}
		ds = append(ds, d)
	}
	return ds
}

// resident is the memory of this process, in bytes.
func resident(b *testing.B) float64 {
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(status))[1])
	if err != nil {
		b.Fatal(err)
	}
	return float64(pages * os.Getpagesize())
}

func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkFill confirms batches of 700 keys of 100 blobs in a new file, and
// opens it again.
func BenchmarkFill(b *testing.B) {
	n := benchKeys(b)
	opt := Options{DedupMax: n, DedupWindow: 7 * 24 * time.Hour, Now: at(start)}
	for range b.N {
		path := filepath.Join(b.TempDir(), "o365.db")
		l, err := tryOpen(path, opt)
		if err != nil {
			b.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 1))
		var took time.Duration
		for i := 0; i < n; i += 700 {
			ds := benchDeliveries(random, i, 700)
			begun := time.Now()
			if err := l.Confirm(ds); err != nil {
				b.Fatal(err)
			}
			took += time.Since(begun)
		}
		b.ReportMetric(float64(n)/took.Seconds(), "keys/s")
		b.ReportMetric(took.Seconds()*1000/float64(n/700), "ms/confirm")
		info, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())/1e6, "MB-file")
		l.Close()
		l = nil
		heap0, resident0 := heap(), resident(b)
		begun := time.Now()
		if l, err = tryOpen(path, opt); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begun).Seconds(), "s-open")
		b.ReportMetric((heap()-heap0)/float64(n), "B-heap/key")
		b.ReportMetric((resident(b)-resident0)/float64(n), "B-resident/key")
		l.Close()
	}
}

func BenchmarkClaim(b *testing.B) {
	n := benchKeys(b)
	l, err := tryOpen("", Options{DedupMax: n + n/8, Now: at(start)})
	if err != nil {
		b.Fatal(err)
	}
	before := heap()
	random := rand.New(rand.NewPCG(1, 1))
	ds := benchDeliveries(random, 0, n)
	for i := range ds {
		if err := l.Confirm(ds[i : i+1]); err != nil {
			b.Fatal(err)
		}
	}
	ids := make([]string, len(ds))
	known := make([]Key, len(ds))
	for i, d := range ds {
		ids[i], known[i] = d.Blob, d.Keys[3]
	}
	ds = nil
	b.Logf("%.1f heap bytes per key", (heap()-before)/float64(n))
	random.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	b.Run("new and released", func(b *testing.B) {
		k := make([]Key, 1)
		for b.Loop() {
			binary.NativeEndian.PutUint64(k[0][:], random.Uint64())
			k[0], _ = claimOne(l, k[0])
			l.Release(k)
		}
	})
	b.Run("known", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			claim(l, known[i%len(known)])
		}
	})
	b.Run("progress", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Progress(exchange, ids[i%len(ids)])
		}
	})
	b.Run("progress of unknown", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			l.Progress(source.Stream{Tenant: "t2", ContentType: "x"}, ids[i%len(ids)])
		}
	})
}
