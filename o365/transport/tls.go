package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// maxCAFile is the largest size of ca_file, in bytes. All root certificates of a
// system have 200 KB.
const maxCAFile = 16 << 20

// NewTLS returns the configuration of TLS for HTTP and mail servers: version 1.2
// or later, and the root certificates of the system with those of caFile, a PEM
// file; "" adds none. An error names the option ca_file and the file.
func NewTLS(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	pem, err := files.Read(caFile, maxCAFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", option.CAFile, caFile, err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no PEM certificate", option.CAFile, caFile)
	}
	c.RootCAs = roots
	return c, nil
}
