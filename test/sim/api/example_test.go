package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// collect stands for the code under test: it delivers nothing.
func collect(_ *http.Client, _, _ string) [][]byte { return nil }

func Example() {
	sim := api.New(api.Options{Seed: 1, Blobs: 20, Records: 50, Late: 30, Subscribed: []string{api.Exchange}})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	sim.SetFaults(api.Flaky(0.1)...)
	records := collect(server.Client(), server.URL, api.DefaultTenant)
	report := sim.Check(slices.Values(records), check.Options{Dedup: true})
	fmt.Println(report.OK(), report.Lost > 0, report.Examples[0].What)
	// Output: false true lost
}
