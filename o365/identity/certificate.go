package identity

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Reasons why a certificate's password does not open its file.
var (
	errNoPassword    = errors.New("is protected: certificate_password is missing (is the variable empty?)")
	errWrongPassword = errors.New("certificate_password is wrong")
)

// Reasons why a file has no certificate with its key.
var (
	errPKCS7      = errors.New("is PKCS #7 (.p7b), which holds no private key: export the certificate with its key as PFX")
	errPFX        = errors.New("PFX file is damaged or cut off")
	errPFXForm    = errors.New("PFX file has a form that is not supported: export it again with AES-256")
	errUnreadable = errors.New("a certificate in file cannot be read")
	errNoKey      = errors.New("no private key in file: certificate and key belong into one file")
)

// parseCertificate reads certificates and their one private key, in any form that
// [files.Blocks] reads. The certificate of the key comes first.
func parseCertificate(data []byte, password string) ([]*x509.Certificate, *rsa.PrivateKey, error) {
	blocks, err := files.Blocks(data)
	if err != nil {
		return nil, nil, err
	}
	certificates, private, err := readBlocks(blocks, password)
	if err != nil {
		return nil, nil, err
	}
	if len(certificates) == 0 {
		return nil, nil, errors.New("no certificate in file")
	}
	if private == nil {
		return nil, nil, errNoKey
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

// readBlocks returns the certificates and the key of blocks, nil if they have none.
func readBlocks(blocks []*pem.Block, password string) (certificates []*x509.Certificate, key any, err error) {
	for _, block := range blocks {
		var chain []*x509.Certificate
		var private any
		switch block.Type {
		case files.TypeCertificate:
			var c *x509.Certificate
			if c, err = x509.ParseCertificate(block.Bytes); err != nil {
				err = errUnreadable
			}
			chain = []*x509.Certificate{c}
		case files.TypePFX:
			chain, private, err = parsePFX(block.Bytes, password)
		case files.TypePKCS7, "CMS":
			err = errPKCS7
		case files.TypePrivateKey, "RSA PRIVATE KEY", "EC PRIVATE KEY", files.TypeEncrypted:
			private, err = parseKey(block, password)
		}
		if err != nil {
			return nil, nil, err
		}
		if key != nil && private != nil {
			return nil, nil, errors.New("more than one private key in file")
		}
		certificates = append(certificates, chain...)
		if private != nil {
			key = private
		}
	}
	return certificates, key, nil
}

// parsePFX uses go-pkcs12 because the parser of azidentity supports 3DES and RC2
// only, while OpenSSL 3 and Windows write AES with PBES2. A password is not needed
// for a file that has none, as for PEM: those of Key Vault have none.
func parsePFX(data []byte, password string) ([]*x509.Certificate, any, error) {
	key, certificate, chain, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) && password != "" {
		var unprotected error
		if key, certificate, chain, unprotected = pkcs12.DecodeChain(data, ""); unprotected == nil {
			err = nil
		}
	}
	var unsupported pkcs12.NotImplementedError
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return nil, nil, errNoPassword
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, wrongPassword(password)
	case errors.As(err, &unsupported):
		return nil, nil, errPFXForm
	case err != nil:
		return nil, nil, errPFX
	}
	return append([]*x509.Certificate{certificate}, chain...), key, nil
}

// wrongPassword returns errWrongPassword, with what is odd about the password.
func wrongPassword(password string) error {
	if odd := option.Secret(password).Oddities(); odd != "" {
		return fmt.Errorf("%w (it has %s)", errWrongPassword, odd)
	}
	return errWrongPassword
}

func parseKey(block *pem.Block, password string) (any, error) {
	if block.Headers["DEK-Info"] != "" {
		return nil, errors.New("private key is encrypted in the old PEM form: convert it with openssl pkcs8 -topk8")
	}
	der := block.Bytes
	if block.Type == files.TypeEncrypted {
		var err error
		if der, err = decryptPKCS8(der, password); errors.Is(err, errWrongPassword) {
			return nil, wrongPassword(password)
		} else if err != nil {
			return nil, err
		}
	}
	// The type is not always that of the content.
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if block.Type == files.TypeEncrypted { // padding fits by chance once in 256 times
		return nil, wrongPassword(password)
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, errDamaged
}
