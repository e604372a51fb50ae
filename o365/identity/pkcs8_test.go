package identity

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"
)

// A key whose password takes very long to check is refused, not checked.
func TestManyIterations(t *testing.T) {
	oid := func(n ...int) pkix.AlgorithmIdentifier { return pkix.AlgorithmIdentifier{Algorithm: n} }
	pack := func(v any) asn1.RawValue {
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: der}
	}
	for iterations, want := range map[int]error{-1: errKeyCipher, 0: errKeyCipher, 1: errWrongPassword, maxPBKDF2Iterations + 1: errKeyCipher} {
		kdf, encryption, outer := oid(1, 2, 840, 113549, 1, 5, 12), oid(2, 16, 840, 1, 101, 3, 4, 1, 42), oid(1, 2, 840, 113549, 1, 5, 13)
		kdf.Parameters = pack(struct {
			Salt       []byte
			Iterations int
		}{[]byte("salt"), iterations})
		encryption.Parameters = pack(make([]byte, 16))
		outer.Parameters = pack(pbes2{kdf, encryption})
		if _, err := decryptPKCS8(pack(encryptedKey{outer, make([]byte, 16)}).FullBytes, "word"); !errors.Is(err, want) {
			t.Errorf("%d iterations: %v, want %v", iterations, err, want)
		}
	}
}
