#!/bin/bash
# github.com/parquet-go/parquet-go v0.32.0 (Go).
#
# Expected: a struct with a field that has no column type is refused when its
# schema is made, as one of type chan is. The README writes any with the tag
# "variant"; without a tag, one expects JSON, or a refusal.
#
# Seen: fields of type any, []any and map[string]any are accepted, written without
# an error, and empty: the schema has a group without columns for them, so not a
# byte of the values is in the file. The keys of the map are, which makes a look at
# the schema reassuring. A time that is not set becomes a day in 1754.
#
#   in:  {Id:x Value:secret Map:map[a:b] List:[p q] Time:0001-01-01}
#   out: {Id:x Value:map[] Map:map[a:{}] List:[] Time:1754-08-30}
#
# Way out: the tag "variant", where the readers know that, or json.RawMessage with
# the tag ",json,optional"; pointers to times.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"bytes"
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"
)

type record struct {
	Id    string
	Value any
	Map   map[string]any
	List  []any
	Time  time.Time
}

func (r record) String() string {
	return fmt.Sprintf("{Id:%v Value:%v Map:%v List:%v Time:%s}", r.Id, r.Value, r.Map, r.List, r.Time.UTC().Format(time.DateOnly))
}

func main() {
	in := []record{{Id: "x", Value: "secret", Map: map[string]any{"a": "b"}, List: []any{"p", "q"}}}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[record](&file)
	n, err := w.Write(in)
	fmt.Println("written:", n, err, w.Close())
	out, err := parquet.Read[record](bytes.NewReader(file.Bytes()), int64(file.Len()))
	fmt.Println("read:", len(out), err)
	fmt.Println("in: ", in[0])
	fmt.Println("out:", out[0])
	fmt.Println("in the file:", bytes.Contains(file.Bytes(), []byte("secret")))
}
GO
go get github.com/parquet-go/parquet-go@v0.32.0 2>go.log || { cat go.log >&2; exit 1; }
got=$(go run .)
echo "$got"
want='written: 1 <nil> <nil>
read: 1 <nil>
in:  {Id:x Value:secret Map:map[a:b] List:[p q] Time:0001-01-01}
out: {Id:x Value:map[] Map:map[a:{}] List:[] Time:1754-08-30}
in the file: false'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
