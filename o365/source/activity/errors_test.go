package activity

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   source.Error
	}{
		{"code", 400, nil, `{"error":{"code":"AF20022","message":"No subscription found."}}`, source.Error{Code: "AF20022", Message: "No subscription found."}},
		{"throttled, single quotes", 403, nil, `{'error':{'code':'AF429','message':'Too many requests. Method=GetBlob, PublisherId=x'}}`, source.Error{Code: "AF429", Message: "{'error':{'code':'AF429','message':'Too many requests. Method=GetBlob, PublisherId=x'}}"}},
		{"auditing off", 400, nil, `{"error":{"code":"StartSubscription [CorrId=1][TenantId=2,ContentType=Audit.General]","message":"Microsoft.Office.Compliance.Audit.DataServiceException: Tenant 2 does not exist.\r\n   at x"}}`, source.Error{Message: "Microsoft.Office.Compliance.Audit.DataServiceException: Tenant 2 does not exist. at x"}},
		{"no code at all", 400, nil, `{"error":{"code":"AF\n\u001b[7m","message":"x"}}`, source.Error{Message: "x"}},
		{"code in the text", 400, nil, `{"error":{"code":"AF","message":"AF20022: No subscription found."}}`, source.Error{Code: "AF20022", Message: "AF20022: No subscription found."}},
		{"retry after", 429, http.Header{"Retry-After": {"7"}}, ``, source.Error{RetryAfter: 7 * time.Second}},
		{"retry at", 429, http.Header{"Date": {"Sun, 22 Nov 2026 02:00:00 GMT"}, "Retry-After": {"Sun, 22 Nov 2026 02:00:09 GMT"}}, ``, source.Error{RetryAfter: 9 * time.Second}},
		{"page of a proxy", 502, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, `<html>long</html>`, source.Error{}},
		{"long", 500, nil, strings.Repeat("é ", 300), source.Error{Message: strings.Repeat("é ", 98) + "é..."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			})
			_, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
			var got *source.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			byProxy := tt.name == "page of a proxy" // whose date says nothing
			if date := got.Date; date.IsZero() != byProxy || date.Location() != time.UTC {
				t.Errorf("the answer's date is %v", date)
			}
			tt.want.Op, tt.want.Status, tt.want.Date = source.OpList, tt.status, got.Date
			if *got != tt.want {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestSignInErrorsKeepTheirCause(t *testing.T) {
	c, _ := serve(t, &fixedTokens{tokens: []string{""}, err: signInTrouble(true)}, 0, func(http.ResponseWriter, *http.Request) {
		t.Error("the API was called without a token")
	})
	_, _, err := c.Subscriptions(t.Context())
	if decide(err) != source.Configure || errorText(err) != "sign in: AADSTS7000215: Invalid client secret provided." {
		t.Errorf("got %v", err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
