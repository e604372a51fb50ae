package identity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}

func TestFirstSentence(t *testing.T) {
	tests := []struct{ description, want string }{
		{"AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value.\r\nTrace ID: 1\r\nCorrelation ID: 2", "Invalid client secret provided"},
		{"AADSTS90002: Tenant 'a.b.example.com' not found. Check to make sure", "Tenant 'a.b.example.com' not found"},
		{"AADSTS50001: No sentence Trace ID: 12 Correlation ID: 3", "No sentence"},
		{"AADSTS500011: The resource principal named https://manage.office.com was not found in the tenant named X. This", "The resource principal named https://manage.office.com was not found in the tenant named X"},
		{"Identity not found", "Identity not found"},
		{"", ""},
		{"Bad token eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl given. Trace ID: 1", "Bad token <token> given"},
		{"two\nlines\x00and\ttabs", "two lines and tabs"},
		{strings.Repeat("ä", 400), strings.Repeat("ä", 197) + "..."},
	}
	for _, tt := range tests {
		if got := (&requester{}).clean(firstSentence(tt.description)); got != tt.want {
			t.Errorf("firstSentence(%q) = %q, want %q", tt.description, got, tt.want)
		}
	}
}

func TestLoginTimeout(t *testing.T) {
	ctx, cancel := context.WithTimeoutCause(t.Context(), 0, errLoginTimeout)
	defer cancel()
	err := (&requester{}).explain(ctx, ctx.Err(), credential{}, &recorder{host: "login.example.com"})
	if err.Error() != "login.example.com: no answer within 1m0s" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}
