//go:build race

package ledger

func init() { raced = true }
