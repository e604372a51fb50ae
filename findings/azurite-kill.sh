#!/bin/bash
# azurite 3.37.0 (npm) with github.com/Azure/azure-sdk-for-go/sdk/storage/azblob
# v1.8.3 (Go).
#
# Expected: an answer 201 means that the blob is stored; for the service it stands
# for, that is what the answer means. The README says that Azurite persists to
# disk "by default", and that all data is lost when the process is terminated only
# of --inMemoryPersistence.
#
# Seen: the data goes to disk at once, but which blobs there are is written every
# few seconds. After a SIGKILL, what was answered in the last of them is gone:
# new blobs do not exist, overwritten ones have their old text and ETag, and a
# lease that was acquired is free, so that a second process gets it. A test that
# kills everything, to see that nothing is lost, blames the program.
#
#   before: lease held by A, state "2"; new blob exists
#   after:  lease free for B, state "1"; new blob: BlobNotFound
#
# Way out: stop it by SIGTERM, which writes, or let it live when the rest is killed.
set -euo pipefail
dir=$(mktemp -d)
pid=
trap 'kill "$pid" 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit --ignore-scripts azurite@3.37.0 >/dev/null
go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

var ctx = context.Background()

func main() {
	client, err := azblob.NewClientFromConnectionString(os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	c := client.ServiceClient().NewContainerClient("logs")
	switch os.Args[2] {
	case "write":
		_, err := c.Create(ctx, nil)
		show("create", err)
		put(c, "state", "1")
		// Long enough for that to be on disk.
		time.Sleep(15 * time.Second)
		put(c, "state", "2")
		put(c, "new", "x")
		acquire(c)
	case "read":
		get(c, "state")
		get(c, "new")
		acquire(c)
	}
}

func put(c *container.Client, name, text string) {
	_, err := c.NewBlockBlobClient(name).UploadBuffer(ctx, []byte(text), nil)
	show("put "+name+" "+text, err)
}

func get(c *container.Client, name string) {
	r, err := c.NewBlockBlobClient(name).DownloadStream(ctx, nil)
	if err != nil {
		show("get "+name, err)
		return
	}
	text, err := io.ReadAll(r.Body)
	show("get "+name+" "+string(text), err)
}

func acquire(c *container.Client) {
	l, err := lease.NewBlobClient(c.NewBlobClient("state"), nil)
	if err == nil {
		_, err = l.AcquireLease(ctx, 60, nil)
	}
	show("acquire lease", err)
}

func show(what string, err error) {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) {
		err = errors.New(refused.ErrorCode)
	}
	fmt.Printf("%s: %v\n", what, err)
}
GO
go get github.com/Azure/azure-sdk-for-go/sdk/storage/azblob@v1.8.3 2>go.log || { cat go.log >&2; exit 1; }
go mod tidy 2>go.log || { cat go.log >&2; exit 1; }
go build -o finding .
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
start() {
	node node_modules/azurite/dist/src/blob/main.js --blobPort "$port" --location data --silent --skipApiVersionCheck >azurite.log 2>&1 &
	pid=$!
	for _ in $(seq 100); do grep -q 'successfully listens' azurite.log && break; sleep 0.2; done
}
# Account and key are the public ones of every Azurite.
account="DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:$port/devstoreaccount1"
start
before=$(./finding "$account" write)
kill -9 $pid
wait $pid 2>/dev/null || :
start
after=$(./finding "$account" read)
got="$before
killed
$after"
echo "$got"
want='create: <nil>
put state 1: <nil>
put state 2: <nil>
put new x: <nil>
acquire lease: <nil>
killed
get state 1: <nil>
get new: BlobNotFound
acquire lease: <nil>'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
