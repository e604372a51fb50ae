package storage

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
)

// sidecar is the file .NAME.meta beside the file NAME: metadata by version. DuckDB's
// and Spark's patterns do not match it. It is written before the object, with the
// metadata of the version to come beside that of the present one, so that a reader
// finds that of the version it has. An object that never had metadata has none.
type sidecar map[Version]Metadata

func sidecarOf(name string) string {
	return path.Join(path.Dir(name), "."+path.Base(name)+".meta")
}

// of is the metadata of a version, and whether it is certain. A file that was copied
// has another time than the only one that the sidecar knows.
func (s sidecar) of(version Version) (Metadata, bool) {
	metadata, known := s[version]
	if !known && len(s) == 1 {
		for _, metadata = range s {
		}
	}
	if len(metadata) == 0 {
		metadata = nil
	}
	return metadata, known || len(s) == 0
}

const maxSidecarBytes = 64 << 10

func readSidecar(root *os.Root, name string) (sidecar, error) {
	file, err := root.Open(sidecarOf(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSidecarBytes))
	if err != nil {
		return nil, err
	}
	var all sidecar
	if json.Unmarshal(text, &all) != nil {
		return nil, nil // a foreign file; an object is worth more than its metadata
	}
	return all, nil
}

// writeSidecar keeps the metadata of the version to come, and that of the present one,
// if there is one.
func writeSidecar(root *os.Root, name string, present, next Version, metadata Metadata) error {
	old, err := readSidecar(root, name)
	if err != nil {
		return err
	}
	if len(metadata) == 0 && len(old) == 0 {
		return nil
	}
	all := sidecar{next: metadata}
	if present != "" {
		all[present], _ = old.of(present)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return replaceFile(root, sidecarOf(name), text)
}
