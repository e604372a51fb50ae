package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/azurite"
)

// emulator is the Azurite of all tests here, which is started by the first one that
// needs it.
var emulator = sync.OnceValues(func() (*azurite.Server, error) { return azurite.Start(azurite.Options{}) })

var emulated atomic.Bool

func TestMain(m *testing.M) {
	status := m.Run()
	if emulated.Load() {
		if s, err := emulator(); err == nil {
			_ = s.Stop()
		}
	}
	os.Exit(status)
}

// azuriteServer is that Azurite.
func azuriteServer(t *testing.T) *azurite.Server {
	t.Helper()
	emulated.Store(true)
	s, err := emulator()
	if errors.Is(err, azurite.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func emulatorKey() (option.Secret, error) { return azurite.Key, nil }

// quick lets tests wait little.
var quick = policy.RetryOptions{MaxRetries: 3, RetryDelay: time.Millisecond, MaxRetryDelay: 5 * time.Millisecond}

var containers atomic.Int32

// newContainer makes an empty container, and returns its URL.
func newContainer(t *testing.T, account string) string {
	t.Helper()
	url := fmt.Sprintf("%s/test-%d", account, containers.Add(1))
	a := openAzure(t, url, Options{HTTP: azuriteServer(t).Client, SharedKey: emulatorKey})
	if _, err := a.client.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return url
}

// openAzure is Open for a container, with quick retries.
func openAzure(t *testing.T, url string, o Options) *azure {
	t.Helper()
	if _, err := Open(url, o); err != nil {
		t.Fatal(err)
	}
	a, err := newAzure(must(parse(url))(t), o, quick)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *azure) setPage(n int32) { a.page = n }

func TestAzure(t *testing.T) {
	server := azuriteServer(t)
	for _, prefix := range []string{"", "/audit/a b"} {
		t.Run("prefix"+prefix, func(t *testing.T) {
			conform(t, subject{
				open: func(t *testing.T) (Store, func() Store) {
					url := newContainer(t, server.URL) + strings.ReplaceAll(prefix, " ", "%20")
					open := func() Store { return openAzure(t, url, Options{HTTP: server.Client, SharedKey: emulatorKey}) }
					return open(), open
				},
				expire: func(t *testing.T, s Store, name string, term time.Duration) {
					if testing.Short() || prefix != "" {
						t.Skip("it takes a lease's whole term")
					}
					time.Sleep(term + time.Second)
				},
			})
		})
	}
}

var _ = context.Background
