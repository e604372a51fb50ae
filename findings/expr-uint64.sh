#!/bin/bash
# github.com/expr-lang/expr v1.17.8 (Go), the expressions of many filters and rules.
#
# Expected: the README promises "unparalleled accuracy", and the documentation
# strict type rules that align with Go's; it names uint among the types. A value
# that is too large for an operation is an error, or is compared as a uint64.
#
# Seen: both sides become int before they are compared, so a uint64 above 2^63-1 is
# negative: "size > 5" is false for the largest of all sizes, without an error. The
# same value beside 5.0 is compared as a float, and right. A filter that is to find
# large values, flags or counters drops just those.
#
#   size > 5:   false    size > 5.0: true
#   size + 1:   0        max(size, 5): 5
#
# Way out: float64 for what does not fit into int64, before the expression sees it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr"
)

func main() {
	environment := map[string]any{"size": uint64(math.MaxUint64)}
	for _, source := range []string{"size", "size > 5", "size > 5.0", "size + 1", "max(size, 5)"} {
		program, err := expr.Compile(source, expr.Env(environment))
		if err != nil {
			panic(err)
		}
		result, err := expr.Run(program, environment)
		fmt.Printf("%s: %v, error %v\n", source, result, err)
	}
}
GO
go get github.com/expr-lang/expr@v1.17.8 2>go.log || { cat go.log >&2; exit 1; }
got=$(go run .)
echo "$got"
want='size: 18446744073709551615, error <nil>
size > 5: false, error <nil>
size > 5.0: true, error <nil>
size + 1: 0, error <nil>
max(size, 5): 5, error <nil>'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
