package storage

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// retries are the SDK's: up to three more tries, after one, two and four seconds, or
// as long as the service asks for, up to a minute; it gives up at once where the service
// asks for more. A try that gets no answer for a minute is one that failed: 17 KB/s
// suffice for a block. All of it ends with the caller's context.
var retries = policy.RetryOptions{MaxRetries: 3, RetryDelay: time.Second, MaxRetryDelay: time.Minute, TryTimeout: time.Minute}

// azure is a container in Azure Blob Storage.
type azure struct {
	place
	login  string    // what logs in: "key", "SAS" or "identity"
	sas    sasPolicy // nil with another login
	client *container.Client
	tier   string
	retry  policy.RetryOptions
	page   int32 // of lists; 0: the service's 5,000
}

func newAzure(p place, o Options, retry policy.RetryOptions) (*azure, error) {
	a := &azure{place: p, tier: o.Tier, retry: retry}
	transport := *o.HTTP
	// The service has no redirects. One would lead to another host.
	transport.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	options := &container.ClientOptions{}
	options.Transport = &transport
	options.Retry = retry
	options.Telemetry = policy.TelemetryOptions{ApplicationID: "fluent-bit-o365"}
	options.PerCallPolicies = []policy.Policy{policyFunc(asStored)}
	options.PerRetryPolicies = []policy.Policy{policyFunc(freshBody)}
	var err error
	switch {
	case o.SharedKey != nil:
		a.login = "key"
		var key *container.SharedKeyCredential
		if key, err = container.NewSharedKeyCredential(p.account, ""); err != nil {
			return nil, err
		}
		options.PerCallPolicies = append(options.PerCallPolicies, keyPolicy{key, o.SharedKey})
		a.client, err = container.NewClientWithSharedKeyCredential(p.containerURL(), key, options)
	case o.SAS != nil:
		a.login = "SAS"
		a.sas = o.SAS
		options.PerCallPolicies = append(options.PerCallPolicies, a.sas)
		a.client, err = container.NewClientWithNoCredential(p.containerURL(), options)
	default:
		a.login = "identity"
		a.client, err = container.NewClient(p.containerURL(), credential{o.Credential}, options)
	}
	return a, err
}

func (a *azure) blob(name string) *blockblob.Client {
	return a.client.NewBlockBlobClient(a.prefix + name)
}

// check begins a call.
func check(ctx context.Context, name string) error { return cmp.Or(ctx.Err(), checkName(name)) }

// toVersion is the version that an ETag names, which calls put in quotes and lists do
// not.
func toVersion(tag *azcore.ETag) Version {
	if tag == nil {
		return ""
	}
	return Version(strings.Trim(string(*tag), `"`))
}

func (v Version) tag() *azcore.ETag {
	tag := azcore.ETag(`"` + string(v) + `"`)
	return &tag
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func pointer[T any](v T) *T { return &v }
