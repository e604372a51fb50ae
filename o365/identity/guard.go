package identity

import (
	"net/http"
	"net/url"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// maxAnswerBytes is the largest size of an answer of a login service. The largest
// known, of instance discovery, has 4 KB.
const maxAnswerBytes = 1 << 20

// guarded returns the client for the requests of a method. They carry a credential
// for the login service, or for the identity endpoint of the machine, whose
// address comes from the environment and not from any answer.
func guarded(m Method, s Settings) *http.Client {
	g := transport.Guard{MaxBody: maxAnswerBytes}
	if m == ManagedIdentity {
		return g.Client(direct(s.HTTP))
	}
	authority, err := url.Parse(orDefault(s.AuthorityHost))
	if err == nil { // checked by choose
		g.Origins = []transport.Origin{transport.OriginOf(authority)}
	}
	return g.Client(s.HTTP)
}

func orDefault(authority string) string {
	if authority == "" {
		return Clouds()[0].Authority
	}
	return authority
}

// direct returns a copy of the client that uses no proxy.
func direct(client *http.Client) *http.Client {
	if client == nil {
		client = &http.Client{}
	}
	next := *client
	base := client.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	if t, ok := base.(*http.Transport); ok {
		t = t.Clone()
		t.Proxy = nil
		next.Transport = t
	}
	return &next
}
