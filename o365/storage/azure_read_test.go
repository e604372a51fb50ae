package storage

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
)

// TestAzureReplacedMeanwhile breaks an answer and replaces the object before the reader
// goes on: it must not go on with the other version.
func TestAzureReplacedMeanwhile(t *testing.T) {
	server := azuriteServer(t)
	faulty := newFaults(t, server.URL)
	store := openAzure(t, newContainer(t, faulty.url), Options{HTTP: server.Client, SharedKey: emulatorKey})
	version := must(store.Put(t.Context(), "a", bytes.Repeat([]byte("a"), 1<<20), nil, ""))(t)
	faulty.next(only(0, tornAnswer))
	r, _, err := store.Get(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	must(io.ReadFull(r, make([]byte, 1000)))(t)
	must(store.Put(t.Context(), "a", bytes.Repeat([]byte("b"), 1<<20), nil, version))(t)
	rest, err := io.ReadAll(r)
	wants(t, "read", err, ErrChanged)
	if bytes.Contains(rest, []byte("b")) {
		t.Errorf("two versions in %d bytes", len(rest))
	}
}

// TestAzureForeignBlobs reads what others have stored, as it is stored.
func TestAzureForeignBlobs(t *testing.T) {
	server := azuriteServer(t)
	store := openAzure(t, newContainer(t, server.URL), Options{HTTP: &http.Client{Transport: server.Client.Transport}, SharedKey: emulatorKey})
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(bytes.Repeat([]byte("text"), 1000))
	w.Close()
	_, err := store.blob("a.json").Upload(t.Context(), streaming.NopCloser(bytes.NewReader(packed.Bytes())), &blockblob.UploadOptions{
		HTTPHeaders: &blob.HTTPHeaders{BlobContentEncoding: pointer("gzip")}, Metadata: map[string]*string{"TenantId": pointer("T")},
	})
	if err != nil {
		t.Fatal(err)
	}
	content, info := read(t, store, "a.json")
	if !bytes.Equal(content, packed.Bytes()) || info.Metadata["tenantid"] != "T" {
		t.Errorf("%d bytes, want %d; %+v", len(content), packed.Len(), info)
	}
	// Names that no store makes are not listed.
	for _, name := range []string{"a//b", ".hidden", `back\slash`, "dot."} {
		if _, err := store.client.NewBlockBlobClient(name).Upload(t.Context(), streaming.NopCloser(bytes.NewReader(nil)), nil); err != nil {
			t.Logf("%s: %v", name, err)
		}
	}
	t.Logf("listed %q", names(t, store, "", ""))
}

// TestAzureTier stores uploads in a tier, and other objects in the account's own.
func TestAzureTier(t *testing.T) {
	server := azuriteServer(t)
	url := newContainer(t, server.URL)
	for _, tier := range Tiers {
		store := openAzure(t, url, Options{HTTP: server.Client, SharedKey: emulatorKey, Tier: tier})
		for name, size := range map[string]int{"small": 1, "large": 2 << 20} {
			name += "-" + tier
			wants(t, "commit", create(t, store, name, make([]byte, size), nil), nil)
			got := must(store.blob(name).GetProperties(t.Context(), nil))(t)
			if value(got.AccessTier) != string(*tierOf(tier)) {
				t.Errorf("%s: %s", name, value(got.AccessTier))
			}
			_, _, err := store.Get(t.Context(), name)
			if tier == "archive" {
				explains(t, err, "", "an object is in the archive tier, where it can't be read")
			} else if err != nil {
				t.Error(err)
			}
			wants(t, "create again", create(t, store, name, make([]byte, size), nil), ErrExists)
		}
		must(store.Put(t.Context(), "state-"+tier, nil, nil, ""))(t)
		if got := must(store.blob("state-"+tier).GetProperties(t.Context(), nil))(t); value(got.AccessTier) != string(blob.AccessTierHot) {
			t.Errorf("put: %s", value(got.AccessTier))
		}
	}
}
