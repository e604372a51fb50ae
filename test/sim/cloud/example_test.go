package cloud_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// collect stands for the code under test: it delivers nothing.
func collect(_ *http.Client, _, _ string) [][]byte { return nil }

func Example() {
	sim := cloud.New(cloud.Options{Seed: 1, Blobs: 20, Records: 50, Late: 30, Subscribed: []string{cloud.Exchange}})
	server := httptest.NewTLSServer(sim)
	defer server.Close()
	sim.SetFaults(cloud.Flaky(0.1)...)
	records := collect(server.Client(), server.URL, cloud.DefaultTenant)
	report := sim.Check(slices.Values(records), cloud.CheckOptions{Dedup: true})
	fmt.Println(report.OK(), report.Lost > 0, report.Examples[0].What)
	// Output: false true lost
}
