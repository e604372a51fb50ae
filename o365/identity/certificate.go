package identity

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"software.sslmate.com/src/go-pkcs12"
)

// Reasons why a certificate's password does not open its file.
var (
	errNoPassword    = errors.New("is protected: certificate_password is missing")
	errWrongPassword = errors.New("certificate_password is wrong")
)

// parseCertificate reads certificates and their one private key from PEM
// blocks or a PFX (PKCS #12) file. The certificate of the key comes first.
func parseCertificate(data []byte, password string) ([]*x509.Certificate, *rsa.PrivateKey, error) {
	read := parsePFX
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		read = parsePEM
	}
	certificates, private, err := read(data, password)
	if err != nil {
		return nil, nil, err
	}
	if len(certificates) == 0 {
		return nil, nil, errors.New("no certificate in file")
	}
	if private == nil {
		return nil, nil, errors.New("no private key in file: certificate and key belong into one file")
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("private key is not RSA, the only kind that Entra ID takes")
	}
	own := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return key.PublicKey.Equal(c.PublicKey) })
	if own < 0 {
		return nil, nil, errors.New("private key does not belong to the certificate")
	}
	certificates[0], certificates[own] = certificates[own], certificates[0]
	return certificates, key, nil
}

// parsePFX uses go-pkcs12 because the parser of azidentity supports 3DES and RC2
// only, while OpenSSL 3 and Windows write AES with PBES2.
func parsePFX(data []byte, password string) ([]*x509.Certificate, any, error) {
	key, certificate, chain, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return nil, nil, errNoPassword
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, errWrongPassword
	case err != nil:
		return nil, nil, fmt.Errorf("neither PEM nor a usable PFX: %w", err)
	}
	return append([]*x509.Certificate{certificate}, chain...), key, nil
}

func parsePEM(data []byte, password string) (certificates []*x509.Certificate, key any, err error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			certificates = append(certificates, c)
		case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
			if key != nil {
				return nil, nil, errors.New("more than one private key in file")
			}
			if key, err = parseKey(block, password); err != nil {
				return nil, nil, err
			}
		}
	}
	return certificates, key, nil
}

func parseKey(block *pem.Block, password string) (any, error) {
	if block.Headers["DEK-Info"] != "" {
		return nil, errors.New("private key is encrypted in the old PEM form: convert it with openssl pkcs8 -topk8")
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		der, err := decryptPKCS8(block.Bytes, password)
		if err != nil {
			return nil, err
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil { // padding fits by chance once in 256 times
			return nil, errWrongPassword
		}
		return key, nil
	default:
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	}
}
