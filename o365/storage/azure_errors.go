package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// explain makes what callers act on, or an [*Error], of an error of the SDK. Its own
// text has addresses with a SAS and signatures of requests, and is not kept.
func (a *azure) explain(ctx context.Context, err error) error {
	var explained *Error
	var refused *azcore.ResponseError
	var login *loginError
	switch {
	case err == nil || errors.As(err, &explained):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &login):
		return &Error{What: "the login to the storage account " + a.account + " can't be made", Do: "see to its settings", Err: login.err}
	case errors.As(err, &refused):
		return a.refused(refused)
	}
	return a.unreached(err)
}

// errForeign is of an answer that looks like success, and lacks what Azure's have.
var errForeign = errors.New("an answer of another form")

// unreached is of a request without an answer, or with half of one.
func (a *azure) unreached(err error) error {
	if request := (*url.Error)(nil); errors.As(err, &request) {
		err = request.Err // without its URL
	}
	e := &Error{What: "no answer from " + a.host, Do: "see to the network, the proxy and the firewall between", Err: err}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		e.What = "there is no host " + a.host
		e.Do = "see to the account's name in the URL, and with a private endpoint to the zone privatelink of the DNS"
	case errors.Is(err, context.DeadlineExceeded):
		// Without its cause, which would pass for the end of the caller's context.
		e.What, e.Err = fmt.Sprintf("no answer from %s within %v", a.host, a.retry.TryTimeout), nil
	case errors.Is(err, errForeign), strings.HasPrefix(err.Error(), "unmarshalling type"): // the SDK has no error of its own
		e.What, e.Do, e.Err = a.name(foreign.what), a.name(foreign.do), errForeign
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.What, e.Do = "answers of "+a.host+" break off", "see to the network and the proxy between"
	}
	return e
}

// refused is of an answer with a status that is no success.
func (a *azure) refused(r *azcore.ResponseError) error {
	switch code := bloberror.Code(r.ErrorCode); {
	case code == bloberror.BlobNotFound || r.StatusCode == http.StatusNotFound && code == "":
		return ErrNotFound
	case code == bloberror.BlobAlreadyExists:
		return ErrExists
	case code == bloberror.ConditionNotMet || code == bloberror.TargetConditionNotMet:
		return ErrChanged
	}
	e := &Error{Err: errors.New(answer(r))}
	known, ok := answers[bloberror.Code(r.ErrorCode)]
	if ok {
		e.What, e.Do = known.what, known.do
		if own, ok := known.with[a.login]; ok {
			e.What, e.Do = own.what, own.do
		}
	} else {
		e.What, e.Do = a.refusedStatus(r.StatusCode)
	}
	if r.StatusCode == http.StatusForbidden && a.sas != nil {
		if expired := a.sas.expired(); expired != "" {
			e.What, e.Do = "the SAS has expired at "+expired, newSAS
		}
	}
	e.What, e.Do = a.name(e.What), a.name(e.Do)
	if wait := r.RawResponse.Header.Get("Retry-After"); wait != "" {
		e.Err = fmt.Errorf("%w; it asks to wait for %s", e.Err, sanitize.Text(wait, 40))
	}
	return e
}

// refusedStatus is of an answer whose code is not known.
func (a *azure) refusedStatus(status int) (what, do string) {
	switch {
	case status < 300:
		return foreign.what, foreign.do
	case status < 400:
		return "HOST sends its clients elsewhere, which Azure never does", "see whether HOST is a proxy or a portal to log in"
	case status == http.StatusUnauthorized:
		return "the account ACCOUNT does not take this login", "see to its tenant, which must be that of the account"
	case status == http.StatusForbidden:
		return "the account ACCOUNT refuses this login, or the network that it comes from", "see to its role, and to Networking of the account"
	case status == http.StatusProxyAuthRequired:
		return "the proxy wants a login", "see to its user and password"
	case status == http.StatusTooManyRequests || status >= 500:
		return "the account ACCOUNT is busy or out of order", ""
	}
	return "the account ACCOUNT refuses a request", "report this as a bug"
}

// answer is what a log needs of an answer.
func answer(r *azcore.ResponseError) string {
	text := fmt.Sprintf("HTTP %d", r.StatusCode)
	if r.ErrorCode != "" {
		text += " " + sanitize.Text(r.ErrorCode, 80)
	}
	if id := r.RawResponse.Header.Get("X-Ms-Request-Id"); id != "" {
		text += ", request " + sanitize.Text(id, 80)
	}
	return text
}

// explainLease is explain for the calls of leases: 409 and 412 in all their forms are
// of a lease that somebody else has, or that was lost.
func (a *azure) explainLease(ctx context.Context, err error) error {
	var refused *azcore.ResponseError
	if errors.As(err, &refused) && ctx.Err() == nil {
		switch code := bloberror.Code(refused.ErrorCode); {
		case code == bloberror.ContainerBeingDeleted, code == bloberror.AccountBeingCreated:
		case refused.StatusCode == http.StatusConflict, refused.StatusCode == http.StatusPreconditionFailed, code == bloberror.BlobNotFound:
			return ErrLeased
		}
	}
	return a.explain(ctx, err)
}

// isConflict reports whether a write was refused because of an object of its name.
// Other refusals mean that as well if it was for a new object, and there is one.
func isConflict(err error, exists bool) bool {
	var refused *azcore.ResponseError
	if !errors.As(err, &refused) {
		return false
	}
	switch bloberror.Code(refused.ErrorCode) {
	case bloberror.BlobAlreadyExists, bloberror.ConditionNotMet, bloberror.TargetConditionNotMet, bloberror.BlobNotFound:
		return true
	case bloberror.InvalidBlockList, // another writer's commit has removed the blocks of this one
		bloberror.BlobImmutableDueToPolicy, bloberror.UnauthorizedBlobOverwrite, bloberror.BlobArchived:
		return exists
	}
	return false
}

// isFinal reports whether a write was refused for a reason that has nothing to do with
// what was written before.
func isFinal(err error) bool {
	var refused *azcore.ResponseError
	return errors.As(err, &refused) && refused.StatusCode < 500 && refused.StatusCode != http.StatusRequestTimeout &&
		refused.StatusCode != http.StatusTooManyRequests && !isConflict(err, true)
}
