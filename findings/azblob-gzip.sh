#!/bin/bash
# github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.8.3 (Go), with
# azurite 3.37.0 (npm) as the service.
#
# Expected: a blob with Content-Encoding: gzip can be downloaded in each of the
# three ways. DownloadBuffer is documented to "download an Azure blob to a buffer
# with parallel", DownloadFile to download it to a local file; both return how
# many bytes that were.
#
# Seen: DownloadStream gives the unpacked text, the others fail or lie. They ask
# for ranges by x-ms-range, which net/http does not know, so that it asks for gzip
# and unpacks each range as if it were a whole file. A blob that does not fit into
# one range (4 MiB) cannot be read. A smaller one that is longer unpacked does not
# fit into the buffer of the size that GetProperties gives. One that is shorter
# unpacked than packed (a few words, or what was compressed before) is the worst:
# no error, and the rest of the file is NUL bytes, included in the count.
#
#   5 bytes:   DownloadFile: 29 bytes, no error: "hello" and 24 NULs
#   100 kB:    DownloadFile: error: not enough space for all bytes
#   12 MiB:    DownloadFile: error: gzip: invalid header
#
# Way out: no Content-Encoding on blobs that are archives (.gz in the name is
# enough), or a policy that sets Accept-Encoding: identity.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
pid=
cd "$dir"
npm install --silent --no-fund --no-audit --ignore-scripts azurite@3.37.0 >/dev/null
go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	ctx := context.Background()
	client := must(azblob.NewClientFromConnectionString(os.Args[1], nil)).ServiceClient().NewContainerClient("logs")
	must(client.Create(ctx, nil))

	random := make([]byte, 9<<20)
	rand.New(rand.NewSource(1)).Read(random)
	for _, test := range []struct {
		name string
		text []byte
	}{
		{"5 bytes", []byte("hello")},
		{"100 kB", bytes.Repeat([]byte("0123456789"), 10000)},
		{"12 MiB", []byte(base64.StdEncoding.EncodeToString(random))},
	} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		w.Write(test.text)
		w.Close()
		object := client.NewBlockBlobClient(test.name)
		must(object.UploadBuffer(ctx, packed.Bytes(), &blockblob.UploadBufferOptions{
			HTTPHeaders: &blob.HTTPHeaders{BlobContentEncoding: to.Ptr("gzip")}}))

		stream := must(object.DownloadStream(ctx, nil))
		fmt.Printf("%s: DownloadStream: same text: %v\n", test.name, bytes.Equal(must(io.ReadAll(stream.Body)), test.text))

		buffer := make([]byte, *must(object.GetProperties(ctx, nil)).ContentLength)
		n, err := object.DownloadBuffer(ctx, buffer, nil)
		show(test.name, "DownloadBuffer", n, err, buffer)

		file := must(os.CreateTemp(".", "download"))
		n, err = object.DownloadFile(ctx, file, nil)
		show(test.name, "DownloadFile", n, err, must(os.ReadFile(file.Name())))
	}
}

func show(name, method string, n int64, err error, got []byte) {
	if err != nil {
		fmt.Printf("%s: %s: error: %v\n", name, method, err)
		return
	}
	fmt.Printf("%s: %s: %d bytes, no error: %q and %d NULs\n", name, method, n, bytes.TrimRight(got, "\x00"), bytes.Count(got, []byte{0}))
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.8.3 2>go.log || { cat go.log >&2; exit 1; }
go mod tidy 2>go.log || { cat go.log >&2; exit 1; }
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
node_modules/.bin/azurite-blob --blobPort "$port" --location data --silent --skipApiVersionCheck >azurite.log 2>&1 &
pid=$!
for _ in $(seq 100); do grep -q 'successfully listens' azurite.log && break; sleep 0.2; done
# Account and key are the public ones of every Azurite.
got=$(go run . "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:$port/devstoreaccount1")
echo "$got"
want='5 bytes: DownloadStream: same text: true
5 bytes: DownloadBuffer: 29 bytes, no error: "hello" and 24 NULs
5 bytes: DownloadFile: 29 bytes, no error: "hello" and 24 NULs
100 kB: DownloadStream: same text: true
100 kB: DownloadBuffer: error: not enough space for all bytes
100 kB: DownloadFile: error: not enough space for all bytes
12 MiB: DownloadStream: same text: true
12 MiB: DownloadBuffer: error: gzip: invalid header
12 MiB: DownloadFile: error: gzip: invalid header'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
