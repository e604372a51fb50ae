package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// maxCAFile is the largest size of ca_file, in bytes. All root certificates of a
// system have 200 KB.
const maxCAFile = 16 << 20

// NewTLS returns the configuration of TLS for HTTP and mail servers: version 1.2
// or later, and the root certificates of the system with those of caFile, in any
// form that [files.Blocks] reads; "" adds none. An error names the option ca_file
// and the file.
func NewTLS(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	data, err := files.Read(caFile, maxCAFile)
	if err == nil {
		err = addRoots(roots, data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", option.CAFile, caFile, err)
	}
	c.RootCAs = roots
	return c, nil
}

// Reasons why a file has no root certificates.
var (
	errNoCertificates = errors.New("holds no certificate in PEM or DER")
	errPFX            = errors.New("is a PFX file: export the certificate without its key, as Base-64 encoded X.509 (.cer)")
	errPKCS7          = errors.New("is PKCS #7 (.p7b): export the certificates as Base-64 encoded X.509 (.cer)")
)

// addRoots adds the certificates of a file. Those that Go cannot read are left out,
// as long as there are others: bundles of a system have some.
func addRoots(roots *x509.CertPool, data []byte) error {
	blocks, err := files.Blocks(data)
	if errors.Is(err, files.ErrNoBlocks) {
		return errNoCertificates
	}
	if err != nil {
		return err
	}
	err = errNoCertificates
	added := false
	for _, block := range blocks {
		switch block.Type {
		case files.TypePFX:
			err = errPFX
		case files.TypePKCS7:
			err = errPKCS7
		case files.TypeCertificate:
			if c, unreadable := x509.ParseCertificate(block.Bytes); unreadable == nil {
				roots.AddCert(c)
				added = true
			}
		}
	}
	if added {
		return nil
	}
	return err
}
