package storage

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
)

// blobLease is the lease of an empty blob, which stays.
type blobLease struct {
	azure  *azure
	client *lease.BlobClient
}

func (a *azure) Lease(ctx context.Context, name string, term time.Duration) (Lease, error) {
	if err := cmp.Or(check(ctx, name), checkTerm(term)); err != nil {
		return nil, err
	}
	blob := a.blob(leasesFolder + "/" + name)
	// With an id of its own, so that a second try gets what the first one got.
	client, err := lease.NewBlobClient(blob, nil)
	if err != nil {
		return nil, err
	}
	seconds := int32(term / time.Second)
	_, err = client.AcquireLease(ctx, seconds, nil)
	if bloberror.HasCode(err, bloberror.BlobNotFound) {
		_, err = blob.Upload(ctx, newBody(nil), &blockblob.UploadOptions{AccessConditions: condition("")})
		if err == nil || isConflict(err, true) {
			_, err = client.AcquireLease(ctx, seconds, nil)
		}
	}
	if err != nil {
		return nil, a.explainLease(ctx, err)
	}
	return &blobLease{azure: a, client: client}, nil
}

func (l *blobLease) Renew(ctx context.Context) error {
	_, err := l.client.RenewLease(ctx, nil)
	return l.azure.explainLease(ctx, err)
}

func (l *blobLease) Release(ctx context.Context) error {
	_, err := l.client.ReleaseLease(ctx, nil)
	if err = l.azure.explainLease(ctx, err); errors.Is(err, ErrLeased) {
		return nil // it has ended already
	}
	return err
}
