//go:build !linux

package e2e

import (
	"errors"
	"testing"
)

var errNoDisk = errors.New("no small disk here")

func smallDisk(t *testing.T, _ string) string {
	t.Helper()
	t.Skip(errNoDisk)
	return ""
}

func mountDisk(*testing.T, string) (string, error) { return "", errNoDisk }

func freeSpace(string) (int64, error) { return 0, errNoDisk }
