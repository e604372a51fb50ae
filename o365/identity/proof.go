package identity

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A proof is what the application shows to the login service. A managed
// identity and the Azure CLI need none.
type proof struct {
	from         string // option and file it was read from, for messages
	raw          []byte // the bytes it was made of
	secret       string
	assertion    string // a token of the workload's own issuer
	certificates []*x509.Certificate
	key          *rsa.PrivateKey
}

// maxFile bounds a credential's file; a long certificate chain has 20 KiB.
const maxFile = 1 << 20

// read makes a proof of what the settings and their files hold now. An error
// names the option and the file.
func (a *applicant) read() (proof, error) {
	p, err := a.load()
	if err != nil {
		return p, err
	}
	a.settings.Secrets.Add(p.secret)
	a.settings.Secrets.Add(p.assertion)
	return p, nil
}

func (a *applicant) load() (proof, error) {
	switch s := a.settings; a.method {
	case ClientSecret:
		if s.ClientSecretFile == "" {
			return proof{secret: s.ClientSecret.Reveal()}, nil
		}
		p, err := readText(option.ClientSecretFile, s.ClientSecretFile)
		p.secret = string(p.raw)
		return p, err
	case WorkloadIdentity:
		p, err := readText(federatedTokenFile, os.Getenv(federatedTokenFile))
		p.assertion = string(p.raw)
		return p, err
	case Certificate:
		p, err := readFile(option.CertificateFile, s.CertificateFile)
		if err != nil {
			return p, err
		}
		if p.certificates, p.key, err = parseCertificate(p.raw, s.CertificatePassword.Reveal()); err != nil {
			return p, fmt.Errorf("%s: %w", p.from, err)
		}
		return p, nil
	default:
		return proof{}, nil
	}
}

// readText reads a file that holds one value, without its trailing newlines.
func readText(key, path string) (proof, error) {
	p, err := readFile(key, path)
	if err != nil {
		return p, err
	}
	p.raw = bytes.TrimRight(p.raw, "\r\n")
	if len(bytes.TrimSpace(p.raw)) == 0 {
		return p, fmt.Errorf("%s: file is empty", p.from)
	}
	return p, nil
}

func readFile(key, path string) (proof, error) {
	p := proof{from: fmt.Sprintf("%s %q", key, path)}
	var err error
	switch p.raw, err = files.Read(path, maxFile); {
	case errors.Is(err, files.ErrTooLarge):
		return p, fmt.Errorf("%s: file is larger than 1 MiB", p.from)
	case err != nil:
		return p, fmt.Errorf("%s: %w", p.from, err)
	}
	return p, nil
}
