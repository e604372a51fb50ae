//go:build !linux

package storage

import (
	"errors"
	"os"
)

func renameNoReplace(*os.Root, string, string) error { return errors.ErrUnsupported }
