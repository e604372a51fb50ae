package identity

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A credential is what the application presents to the login service. That of a
// managed identity and of the Azure CLI is empty.
type credential struct {
	from         string // option and file, for messages
	raw          []byte // content of the file, or of the secret in Key Vault
	note         string // what may be why the login service refuses it
	secret       string
	assertion    string // token of the workload's own issuer
	certificates []*x509.Certificate
	key          *rsa.PrivateKey
}

// maxFileBytes bounds the file of a credential; a long certificate chain has
// 20 KiB.
const maxFileBytes = 1 << 20

// read returns the credential that the settings, their files and Key Vault hold now,
// and adds its secrets to the redactor. An error names the option and the place.
func (r *requester) read(ctx context.Context) (credential, error) {
	c, err := r.load(ctx)
	if err != nil {
		return c, err
	}
	r.settings.Secrets.Add(c.secret)
	r.settings.Secrets.Add(c.assertion)
	return c, nil
}

func (r *requester) load(ctx context.Context) (credential, error) {
	switch s := r.settings; r.method {
	case ClientSecret:
		if s.ClientSecretFile == "" && r.vault == nil {
			return credential{from: option.ClientSecret, secret: s.ClientSecret.Reveal()}, nil
		}
		c, err := oneValue(r.readWhole(ctx, option.ClientSecretFile, s.ClientSecretFile))
		c.secret = string(c.raw)
		return c, err
	case WorkloadIdentity:
		c, err := readText(federatedTokenFile, os.Getenv(federatedTokenFile))
		c.assertion = string(c.raw)
		return c, err
	case Certificate:
		c, err := r.readWhole(ctx, option.CertificateFile, s.CertificateFile)
		if err != nil {
			return c, err
		}
		c.certificates, c.key, err = parseCertificate(c.raw, s.CertificatePassword.Reveal())
		switch {
		case errors.Is(err, errNoKey) && r.vault != nil:
			err = fmt.Errorf("%s: %w", c.from, errNotExportable)
		case err != nil:
			err = fmt.Errorf("%s: %w", c.from, r.purpose.named(err))
		}
		return c, err
	default:
		return credential{}, nil
	}
}

// readWhole reads from Key Vault, if the credential is there, or from a file.
func (r *requester) readWhole(ctx context.Context, key, path string) (credential, error) {
	if r.vault != nil {
		return r.vault.read(ctx)
	}
	return readFile(r.purpose.name(key), path)
}

// readText reads a file that holds one value.
func readText(key, path string) (credential, error) { return oneValue(readFile(key, path)) }

// oneValue takes the newlines at the end of what holds one value.
func oneValue(c credential, err error) (credential, error) {
	if err != nil {
		return c, err
	}
	c.raw = bytes.TrimRight(c.raw, "\r\n")
	if option.Secret(c.raw).IsBlank() {
		return c, fmt.Errorf("%s: %w", c.from, errBlank)
	}
	return c, nil
}

func readFile(key, path string) (credential, error) {
	c := credential{from: fmt.Sprintf("%s %q", key, path)}
	var err error
	switch c.raw, err = files.Read(path, maxFileBytes); {
	case errors.Is(err, files.ErrTooLarge):
		return c, fmt.Errorf("%s: file is larger than 1 MiB", c.from)
	case err != nil:
		return c, fmt.Errorf("%s: %w", c.from, err)
	case len(bytes.TrimSpace(c.raw)) == 0:
		return c, fmt.Errorf("%s: file is empty", c.from)
	}
	return c, nil
}
