//go:build unix

package files

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"regexp"
)

// Types of the blocks that [Blocks] returns, beside those of PEM.
const (
	TypeCertificate = "CERTIFICATE"
	TypePrivateKey  = "PRIVATE KEY"
	TypeEncrypted   = "ENCRYPTED PRIVATE KEY"
	TypePFX         = "PFX"
	TypePKCS7       = "PKCS7"
)

// Errors of [Blocks].
var (
	ErrNoBlocks = errors.New("is neither PEM nor PFX nor one of them in base64")
	ErrBlock    = errors.New("a PEM block is damaged or cut off")
)

// Blocks returns the certificates, keys and containers of a file: those of its PEM
// blocks, or a single one that is DER. It also reads what editors, Azure Key Vault
// and certutil make of these: base64 of the whole, a JSON string, PEM with other or
// without line ends. The type of a block goes by its content where that is known.
func Blocks(data []byte) ([]*pem.Block, error) { return blocks(data, 2) }

// blocks reads data that is wrapped in base64 or a JSON string at most so often.
func blocks(data []byte, wraps int) ([]*pem.Block, error) {
	var text string
	trimmed := bytes.TrimSpace(data)
	switch {
	case bytes.Contains(data, beginsPEM):
		return pemBlocks(data)
	case len(data) > 0 && data[0] == asn1.TagSequence|0x20:
		if kind := kindOf(data); kind != "" {
			return []*pem.Block{{Type: kind, Bytes: data}}, nil
		}
	case wraps == 0:
	case bytes.HasPrefix(trimmed, []byte{'"'}) && json.Unmarshal(trimmed, &text) == nil:
		return blocks([]byte(text), wraps-1)
	default:
		if decoded := fromBase64(data); len(decoded) > 0 {
			return blocks(decoded, wraps-1)
		}
	}
	return nil, ErrNoBlocks
}

var (
	beginsPEM = []byte("-----BEGIN ")
	// boundary is the first or last line of a PEM block, with the space around it.
	boundary = regexp.MustCompile(`\s*(-----(?:BEGIN|END) [^-\r\n]*-----)\s*`)
)

func pemBlocks(data []byte) ([]*pem.Block, error) {
	// Marks are inside where files were joined; \n is a newline in JSON and in
	// variables of the environment. No PEM has either.
	data = bytes.ReplaceAll(data, byteOrderMark, nil)
	data = bytes.ReplaceAll(data, []byte(`\r`), nil)
	data = bytes.ReplaceAll(data, []byte(`\n`), []byte("\n"))
	begun := max(1, bytes.Count(data, beginsPEM)) // before lines are parted: they may share dashes
	data = boundary.ReplaceAll(data, []byte("\n$1\n"))
	var all []*pem.Block
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		// certutil -encode calls everything a certificate.
		if kind := kindOf(block.Bytes); kind == TypePFX || kind == TypePKCS7 {
			block.Type = kind
		}
		all = append(all, block)
	}
	if len(all) < begun {
		return nil, ErrBlock
	}
	return all, nil
}

// fromBase64 decodes base64 of either alphabet, with or without padding and line
// ends; nil if it is none.
func fromBase64(data []byte) []byte {
	text := bytes.Join(bytes.Fields(data), nil)
	text = bytes.TrimRight(text, "=")
	text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("-"), []byte("+")), []byte("_"), []byte("/"))
	decoded, err := base64.RawStdEncoding.DecodeString(string(text))
	if err != nil {
		return nil
	}
	return decoded
}

var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
)

// kindOf returns the type of a DER structure by its first elements, "" if it is
// none of those above. What is behind them may be damaged.
func kindOf(der []byte) string {
	inner, ok := sequence(der)
	if !ok {
		return ""
	}
	var version int
	var oid asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(inner, &version); err == nil {
		if content, ok := sequence(rest); ok && version == 3 { // RFC 7292, section 4
			if _, err := asn1.Unmarshal(content, &oid); err == nil && (oid.Equal(oidData) || oid.Equal(oidSignedData)) {
				return TypePFX
			}
		}
		return keyType(der)
	}
	if _, err := asn1.Unmarshal(inner, &oid); err == nil && oid.Equal(oidSignedData) {
		return TypePKCS7 // RFC 5652, section 3
	}
	if algorithm, ok := sequence(inner); ok {
		if _, err := asn1.Unmarshal(algorithm, &oid); err == nil && oid.Equal(oidPBES2) {
			return TypeEncrypted // RFC 5958, section 3
		}
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return TypeCertificate
	}
	return ""
}

func keyType(der []byte) string {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return TypePrivateKey
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return "RSA " + TypePrivateKey
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return "EC " + TypePrivateKey
	}
	return ""
}

// sequence returns the content of a SEQUENCE at the start of data, as far as it is
// there: a file may be cut off.
func sequence(data []byte) ([]byte, bool) {
	if len(data) < 2 || data[0] != asn1.TagSequence|0x20 {
		return nil, false
	}
	head := 2
	if long := int(data[1]); long > 0x80 {
		head += long - 0x80
	}
	if len(data) < head {
		return nil, false
	}
	return data[head:], true
}
