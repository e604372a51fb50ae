package storage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

const (
	blockBytes = 256 << 10 // of memory for each upload; most objects are smaller
	maxBlocks  = 50_000    // of a blob: 12 GB
	smallBytes = 64 << 10
)

// blobUpload stages blocks, which nobody sees, and makes a blob of them at its end. An
// object of one block is sent as a whole. Blocks of uploads that were given up cost
// their space for a week, and then Azure removes them.
type blobUpload struct {
	ctx   context.Context
	azure *azure
	name  string
	id    string // also begins its blocks' names, since writers of one blob share them
	block []byte
	names []string
	err   error // of a block; nothing follows
	done  bool
}

func (a *azure) Create(ctx context.Context, name string) (Upload, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	return &blobUpload{ctx: ctx, azure: a, name: name, id: rand.Text()}, nil
}

func (u *blobUpload) Write(p []byte) (n int, err error) {
	if u.done {
		return 0, errDone
	}
	for len(p) > 0 && u.err == nil {
		if len(u.block) == blockBytes {
			u.err = u.stage()
			continue
		}
		m := min(len(p), blockBytes-len(u.block))
		if len(u.block)+m > smallBytes {
			u.block = slices.Grow(u.block, blockBytes-len(u.block)) // once, and not by and by
		}
		u.block = append(u.block, p[:m]...)
		n, p = n+m, p[m:]
	}
	return n, u.err
}

func (u *blobUpload) stage() error {
	if len(u.names) == maxBlocks {
		return &Error{What: fmt.Sprintf("an object has more than %d GB", maxBlocks*blockBytes>>30), Do: "report this as a bug"}
	}
	name, body := blockName(u.id, len(u.names)), newBody(u.block)
	_, err := u.azure.blob(u.name).StageBlock(u.ctx, name, body, nil)
	if err != nil {
		return u.azure.explain(u.ctx, err)
	}
	u.names = append(u.names, name)
	if u.block = u.block[:0]; !body.idle() {
		u.block = nil
	}
	return nil
}

func (u *blobUpload) Commit(metadata Metadata) error {
	if u.done {
		return errDone
	}
	defer u.Abort()
	if err := cmp.Or(u.ctx.Err(), u.err, metadata.check()); err != nil {
		return err
	}
	tier := tierOf(u.azure.tier)
	if len(u.names) == 0 {
		_, err := u.azure.putBlob(u.ctx, u.name, u.block, metadata, u.id, "", tier)
		return err
	}
	if len(u.block) > 0 {
		if err := u.stage(); err != nil {
			return err
		}
	}
	_, err := u.azure.commitBlocks(u.ctx, u.name, u.names, metadata, u.id, tier)
	return err
}

func (u *blobUpload) Abort() { u.done, u.block = true, nil }

func (a *azure) Put(ctx context.Context, name string, content []byte, metadata Metadata, version Version) (Version, error) {
	if err := cmp.Or(check(ctx, name), metadata.check()); err != nil {
		return "", err
	}
	// The caller may change the content at once, see [requestBody].
	return a.putBlob(ctx, name, bytes.Clone(content), metadata, rand.Text(), version, nil)
}

// putBlob sends a blob in one request.
func (a *azure) putBlob(ctx context.Context, name string, content []byte, metadata Metadata, id string, version Version, tier *blob.AccessTier) (Version, error) {
	made, err := a.blob(name).Upload(ctx, newBody(content), &blockblob.UploadOptions{
		Metadata: toAzure(metadata, id), Tier: tier, AccessConditions: condition(version),
	})
	if err == nil {
		return toVersion(made.ETag), nil
	}
	stored, settled := a.settle(ctx, name, id, version, err)
	if !errors.Is(settled, errUncommitted) {
		return stored, settled
	}
	block := blockName(id, 0)
	if _, err := a.blob(name).StageBlock(ctx, block, newBody(content), nil); err != nil {
		return "", a.explain(ctx, err)
	}
	return a.commitBlocks(ctx, name, []string{block}, metadata, id, tier)
}

// commitBlocks makes a blob of blocks, if there is none.
func (a *azure) commitBlocks(ctx context.Context, name string, blocks []string, metadata Metadata, id string, tier *blob.AccessTier) (Version, error) {
	made, err := a.blob(name).CommitBlockList(ctx, blocks, &blockblob.CommitBlockListOptions{
		Metadata: toAzure(metadata, id), Tier: tier, AccessConditions: condition(""),
	})
	if err == nil {
		return toVersion(made.ETag), nil
	}
	stored, err := a.settle(ctx, name, id, "", err)
	if errors.Is(err, errUncommitted) {
		err = ErrExists // it was deleted since
	}
	return stored, err
}

// blockName is a block's name, as long as those of all blocks of the blob.
func blockName(id string, n int) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32([]byte(id[:12]), uint32(n)))
}

// errUncommitted is of a new blob that is refused although there is none of its name:
// for Azurite blocks that somebody has staged are one. A list of blocks is not refused.
var errUncommitted = errors.New("the object has blocks, but does not exist")

// settle finds out what became of a write that failed. The answer to its first try may
// have been lost, so that a later one meets the object that is its own.
func (a *azure) settle(ctx context.Context, name, id string, version Version, err error) (Version, error) {
	if isFinal(err) {
		return "", a.explain(ctx, err)
	}
	info, writer, statErr := a.stat(ctx, name)
	if statErr == nil && writer == id {
		return info.Version, nil
	}
	if !isConflict(err, statErr == nil && version == "") {
		return "", a.explain(ctx, err)
	}
	if version != "" {
		return "", ErrChanged
	}
	if bloberror.HasCode(statErr, bloberror.BlobNotFound) {
		return "", errUncommitted
	}
	return "", ErrExists
}

func (a *azure) Delete(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	_, err := a.blob(name).Delete(ctx, &blob.DeleteOptions{DeleteSnapshots: pointer(blob.DeleteSnapshotsOptionTypeInclude)})
	if err = a.explain(ctx, err); err == ErrNotFound {
		return nil
	}
	return err
}

// condition lets a write replace a version only, or nothing with "".
func condition(version Version) *blob.AccessConditions {
	if version != "" {
		return ifMatch(version)
	}
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: pointer(azcore.ETagAny)}}
}

func ifMatch(version Version) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: version.tag()}}
}

func toAzure(metadata Metadata, id string) map[string]*string {
	all := map[string]*string{uploadKey: &id}
	for name, v := range metadata {
		all[name] = &v
	}
	return all
}

func tierOf(name string) *blob.AccessTier {
	if name == "" {
		return nil
	}
	tier := blob.AccessTier(strings.ToUpper(name[:1]) + name[1:])
	return &tier
}
