package ledger

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// FuzzFile damages a state file in some places: each three bytes are where, in parts of
// 65536 of the file, and the new byte there; a length below that of the file cuts it.
func FuzzFile(f *testing.F) {
	good := sound(f)
	f.Add([]byte{}, uint32(len(good)))
	f.Add([]byte{0, 0, 'X'}, uint32(len(good)))
	f.Add([]byte{10, 20, 0, 200, 0, 255}, uint32(3*page))
	f.Add([]byte{}, uint32(99))
	f.Fuzz(func(t *testing.T, damages []byte, size uint32) {
		file := bytes.Clone(good)
		for ; len(damages) >= 3; damages = damages[3:] {
			file[int(binary.BigEndian.Uint16(damages))*len(file)>>16] = damages[2]
		}
		path := filepath.Join(scratch(t), "o365.db")
		if err := os.WriteFile(path, file[:min(int(size), len(file))], 0o600); err != nil {
			t.Fatal(err)
		}
		if outcome, _, err := examine(path); err != nil {
			t.Errorf("%s: %v", outcome, err)
		}
	})
}
