package storage

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"syscall"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/azurite"
)

// BenchmarkUpload uploads what gzip makes, which is like noise. Besides the time, which
// is Azurite's, it says what this process costs.
func BenchmarkUpload(b *testing.B) {
	b.Run("folder", func(b *testing.B) { benchmarkUpload(b, NewFolder(b.TempDir())) })
	for _, tls := range []bool{false, true} {
		b.Run(fmt.Sprintf("azure/tls=%v", tls), func(b *testing.B) {
			server, err := azurite.Start(azurite.Options{OAuth: tls})
			if errors.Is(err, azurite.ErrMissing) {
				b.Skip(err)
			}
			if err != nil {
				b.Fatal(err)
			}
			defer server.Stop()
			o := Options{HTTP: &http.Client{Transport: server.Client.Transport}, SharedKey: emulatorKey}
			s, err := Open(server.URL+"/bench", o)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.(*azure).client.Create(b.Context(), nil); err != nil {
				b.Fatal(err)
			}
			benchmarkUpload(b, s)
		})
	}
}

func benchmarkUpload(b *testing.B, s Store) {
	const size, piece = 8 << 20, 64 << 10
	content := make([]byte, size)
	noise := rand.NewChaCha8([32]byte{})
	noise.Read(content)
	b.SetBytes(size)
	b.ReportAllocs()
	before, n := cpu(b), 0
	for b.Loop() {
		n++
		u, err := s.Create(b.Context(), fmt.Sprintf("a/%d", n))
		if err != nil {
			b.Fatal(err)
		}
		for at := 0; at < size; at += piece {
			if _, err := u.Write(content[at : at+piece]); err != nil {
				b.Fatal(err)
			}
		}
		if err := u.Commit(Metadata{"n": "1"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpu(b)-before)/float64(n*size>>20), "cpu-ms/MB")
}

// cpu is what this process has used, in milliseconds.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}
