package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
)

// Encrypted PKCS #8 (RFC 5958) with PBES2, PBKDF2 and AES or 3DES in CBC mode
// (RFC 8018): what OpenSSL has written since 1.1, openssl req still with 3DES.
// The standard library does not read it.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		Derivation pkix.AlgorithmIdentifier
		Encryption pkix.AlgorithmIdentifier
	}
	derivation struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

const (
	oidPBES2  = "1.2.840.113549.1.5.13"
	oidPBKDF2 = "1.2.840.113549.1.5.12"
	// maxPBKDF2Iterations take seconds; OpenSSL uses 2048, and a million is a
	// careful choice.
	maxPBKDF2Iterations = 10_000_000
)

var (
	errDamaged   = errors.New("private key is damaged")
	errKeyCipher = errors.New("private key is encrypted in a way that is not supported: convert it with openssl pkcs8 -topk8 -v2 aes-256-cbc")
)

func decryptPKCS8(der []byte, password string) ([]byte, error) {
	if password == "" {
		return nil, errNoPassword
	}
	var (
		key        encryptedKey
		parameters pbes2
		kdf        derivation
		iv         []byte
	)
	if err := unmarshal(der, &key); err != nil {
		return nil, err
	}
	if key.Algorithm.Algorithm.String() != oidPBES2 {
		return nil, errKeyCipher
	}
	if err := unmarshal(key.Algorithm.Parameters.FullBytes, &parameters); err != nil {
		return nil, err
	}
	if parameters.Derivation.Algorithm.String() != oidPBKDF2 {
		return nil, errKeyCipher
	}
	if err := unmarshal(parameters.Derivation.Parameters.FullBytes, &kdf); err != nil {
		return nil, err
	}
	digest := hashOf(kdf.Hash.Algorithm)
	newCipher, size := cipherOf(parameters.Encryption.Algorithm)
	if digest == nil || newCipher == nil || kdf.Iterations < 1 || kdf.Iterations > maxPBKDF2Iterations {
		return nil, errKeyCipher
	}
	if err := unmarshal(parameters.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	secret, err := pbkdf2.Key(digest, password, kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	block, err := newCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if len(iv) != block.BlockSize() || len(key.Data) == 0 || len(key.Data)%block.BlockSize() != 0 {
		return nil, errDamaged
	}
	plain := make([]byte, len(key.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, key.Data)
	return unpad(plain, block.BlockSize())
}

func unmarshal(der []byte, into any) error {
	if rest, err := asn1.Unmarshal(der, into); err != nil || len(rest) != 0 {
		return errDamaged
	}
	return nil
}

// unpad removes the PKCS #7 padding, which is valid only with the right password.
func unpad(plain []byte, most int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > most {
		return nil, errWrongPassword
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, errWrongPassword
		}
	}
	return plain[:len(plain)-n], nil
}

func hashOf(oid asn1.ObjectIdentifier) func() hash.Hash {
	switch oid.String() {
	case "", "1.2.840.113549.2.7": // HMAC-SHA-1, the default
		return sha1.New
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	default:
		return nil
	}
}

// cipherOf returns the cipher and the size of its key in bytes; nil if it is not
// supported.
func cipherOf(oid asn1.ObjectIdentifier) (func([]byte) (cipher.Block, error), int) {
	switch oid.String() {
	case "1.2.840.113549.3.7":
		return des.NewTripleDESCipher, 24
	case "2.16.840.1.101.3.4.1.2":
		return aes.NewCipher, 16
	case "2.16.840.1.101.3.4.1.22":
		return aes.NewCipher, 24
	case "2.16.840.1.101.3.4.1.42":
		return aes.NewCipher, 32
	default:
		return nil, 0
	}
}
