package identity

import (
	"errors"
	"os"
)

const nothingSet = "auth is auto and no secret or certificate is set, or a variable in it is empty: "

// Doubt returns what to consider when a token lacks a permission: that auto chose a
// managed identity because nothing else is set. It is "" for any other login.
func (s *Source) Doubt() string {
	if r := s.requester; !r.chosen || r.method != ManagedIdentity {
		return ""
	}
	return "a managed identity was used, since " + nothingSet + "set client_secret, client_secret_file or certificate_file, unless the managed identity is meant"
}

// explainChoice adds to an error of the managed identity that auto chose it because
// nothing else is set: an option that was meant to hold a secret may be empty. Once it
// has worked, it is what was meant.
func (r *requester) explainChoice(err error) error {
	var e *Error
	if !r.chosen || r.method != ManagedIdentity || r.answered || !errors.As(err, &e) {
		return err
	}
	e.Plain = "signing in with the managed identity of this machine fails"
	e.Remedy = nothingSet + "set client_secret, client_secret_file or certificate_file, or assign a managed identity to this machine"
	if os.Getenv(federatedTokenFile) != "" {
		e.Remedy = nothingSet + "set client_id for the token of " + federatedTokenFile + ", or client_secret, client_secret_file or certificate_file"
	}
	return e
}
