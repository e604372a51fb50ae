#!/bin/bash
# github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0 (Go), the pipeline of every
# Azure client: azblob, azsecrets, azlogs.
#
# Expected: RetryOptions.MaxRetryDelay is documented as "the maximum delay allowed
# before retrying an operation", 60 seconds by default. If a service asks for 61
# by Retry-After, the client waits for 60 of them, or for all, and tries again.
#
# Seen: it does not try again at all. The call ends at once with the 429 as its
# result, although up to three retries are allowed, and the only hint is a log
# event that is off by default. So the more a service throttles, the sooner its
# clients give up, and a loop around the call asks without any pause: the very
# thing that Retry-After is to prevent.
#
#   Retry-After: 2,  MaxRetryDelay 2s:      4 requests
#   Retry-After: 3,  MaxRetryDelay 2s:      1 request
#   Retry-After: 61, MaxRetryDelay default: 1 request
#
# Way out: MaxRetryDelay: -1 (no cap), with a deadline in the context; or read
# Retry-After from azcore.ResponseError.RawResponse, and wait.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

func main() {
	for _, test := range []struct {
		after string
		limit time.Duration
	}{{"2", 2 * time.Second}, {"3", 2 * time.Second}, {"61", 0}} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			w.Header().Set("Retry-After", test.after)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		pipeline := runtime.NewPipeline("finding", "v1.0.0", runtime.PipelineOptions{},
			&policy.ClientOptions{Retry: policy.RetryOptions{MaxRetryDelay: test.limit}})
		request, err := runtime.NewRequest(context.Background(), http.MethodGet, server.URL)
		if err != nil {
			panic(err)
		}
		response, err := pipeline.Do(request)
		if err != nil {
			panic(err)
		}
		fmt.Printf("Retry-After %s, MaxRetryDelay %v: %d requests, then %d\n", test.after, test.limit, requests, response.StatusCode)
		server.Close()
	}
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/azcore@v1.24.0 2>go.log || { cat go.log >&2; exit 1; }
got=$(go run .)
echo "$got"
want='Retry-After 2, MaxRetryDelay 2s: 4 requests, then 429
Retry-After 3, MaxRetryDelay 2s: 1 requests, then 429
Retry-After 61, MaxRetryDelay 0s: 1 requests, then 429'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
