//go:build !linux

package e2e

import (
	"testing"
)

func smallDisk(t *testing.T, _ string) string {
	t.Helper()
	t.Skip("no small disk here")
	return ""
}
