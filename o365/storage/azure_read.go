package storage

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

func (a *azure) Get(ctx context.Context, name string) (io.ReadCloser, Info, error) {
	if err := check(ctx, name); err != nil {
		return nil, Info{}, err
	}
	retry := a.retry
	retry.TryTimeout = 0 // it would include the time in which the caller reads
	r := &resumingReader{ctx: policy.WithRetryOptions(ctx, retry), blob: a.blob(name).BlobClient()}
	got, err := r.open()
	if err == nil && (got.ETag == nil || got.ContentLength == nil) {
		got.Body.Close()
		err = errForeign
	}
	if err != nil {
		return nil, Info{}, a.explain(ctx, err)
	}
	info := Info{
		Name: name, Size: value(got.ContentLength), Modified: value(got.LastModified), Version: toVersion(got.ETag), Metadata: fromAzure(got.Metadata),
	}
	r.version = info.Version
	return &wholeReader{ctx: ctx, body: r, left: info.Size, explain: func(err error) error { return a.explain(ctx, err) }}, info, nil
}

// resumes is how often a reader goes on without having got a byte in between.
const resumes = 3

// resumingReader reads one version of a blob, and goes on where a connection broke. The
// SDK's reader does so only where it knows the error of the HTTP client.
type resumingReader struct {
	ctx     context.Context
	blob    *blob.Client
	version Version
	body    io.ReadCloser // nil after it broke
	offset  int64
	failed  int
}

func (r *resumingReader) open() (blob.DownloadStreamResponse, error) {
	o := &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: r.offset}}
	if r.version != "" {
		o.AccessConditions = ifMatch(r.version)
	}
	got, err := r.blob.DownloadStream(r.ctx, o)
	if err == nil {
		r.body = got.Body
	}
	return got, err
}

func (r *resumingReader) Read(p []byte) (int, error) {
	for {
		if r.body == nil {
			if _, err := r.open(); err != nil {
				return 0, err
			}
		}
		n, err := r.body.Read(p)
		if r.offset += int64(n); n > 0 {
			r.failed = 0
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		r.body.Close()
		r.body = nil
		if r.failed++; r.failed > resumes || r.ctx.Err() != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (r *resumingReader) Close() error {
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}

func (a *azure) Stat(ctx context.Context, name string) (Info, error) {
	if err := check(ctx, name); err != nil {
		return Info{}, err
	}
	info, _, err := a.stat(ctx, name)
	if err != nil {
		return Info{}, a.explain(ctx, err)
	}
	return info, nil
}

// stat is what is known of a blob, and the id of the upload that made it.
func (a *azure) stat(ctx context.Context, name string) (info Info, upload string, err error) {
	got, err := a.blob(name).GetProperties(ctx, nil)
	if err == nil && (got.ETag == nil || got.ContentLength == nil) {
		err = errForeign
	}
	if err != nil {
		return Info{}, "", err
	}
	for key, v := range got.Metadata {
		if strings.EqualFold(key, uploadKey) {
			upload = value(v)
		}
	}
	return Info{
		Name: name, Size: value(got.ContentLength), Modified: value(got.LastModified), Version: toVersion(got.ETag), Metadata: fromAzure(got.Metadata),
	}, upload, nil
}

// List asks for pages of 5,000 names. The service can't begin a list behind a name, so
// that the pages before it are read as well.
func (a *azure) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		o := &container.ListBlobsFlatOptions{}
		if a.prefix+prefix != "" {
			o.Prefix = pointer(a.prefix + prefix)
		}
		if a.page > 0 {
			o.MaxResults = &a.page
		}
		if strings.ContainsFunc(prefix, func(r rune) bool { return r < ' ' || r == '\uFFFD' }) {
			return // the names of no objects
		}
		last := ""
		for pager := a.client.NewListBlobsFlatPager(o); pager.More(); {
			page, err := pager.NextPage(ctx)
			if err != nil {
				yield(Info{}, a.explain(ctx, err))
				return
			}
			if page.Segment == nil {
				continue
			}
			for _, item := range page.Segment.BlobItems {
				info, ok := a.listed(item)
				if !ok || info.Name <= after {
					continue
				}
				if info.Name <= last {
					yield(Info{}, &Error{
						What: "the account lists names in another order than that of their bytes",
						Do:   "use an account without a hierarchical namespace",
					})
					return
				}
				if last = info.Name; !yield(info, nil) {
					return
				}
			}
		}
	}
}

// listed is what a list says of an object; not ok for what is none, such as the folders
// of an account with a hierarchical namespace.
func (a *azure) listed(item *container.BlobItem) (info Info, ok bool) {
	name, ok := strings.CutPrefix(value(item.Name), a.prefix)
	p := item.Properties
	if !ok || p == nil || checkName(name) != nil || value(p.ResourceType) == "directory" {
		return Info{}, false
	}
	return Info{Name: name, Size: value(p.ContentLength), Modified: value(p.LastModified).In(time.UTC), Version: toVersion(p.ETag)}, true
}

// fromAzure is metadata with its names in lower case: services and proxies change that.
func fromAzure(all map[string]*string) Metadata {
	m := Metadata{}
	for name, v := range all {
		if name = strings.ToLower(name); name != uploadKey {
			m[name] = value(v)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}
