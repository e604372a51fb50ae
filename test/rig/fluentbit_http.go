package rig

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// HTTPServer are the keys of a service section that make Fluent Bit serve HTTP
// on a free port, and the root of its URLs. Under /api/v2/metrics it has all
// metrics, each with the time of its last change, under /api/v2/metrics/prometheus
// without.
func HTTPServer() (service Options, root string, err error) {
	address, port, err := FreePort()
	return Options{"http_server": "on", "http_listen": "127.0.0.1", "http_port": port}, "http://" + address, err
}

// Get is the body at a URL. A status other than 200, and no answer within five
// seconds, are errors.
func Get(url string) ([]byte, error) {
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: HTTP %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}
