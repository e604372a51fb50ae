package identity

import "errors"

// An Error is why there is no token, or only one from an older credential.
type Error struct {
	Code    string // of Entra, such as AADSTS7000215; may be empty
	Status  int    // of the HTTP answer, 0 if there was none
	Message string // of the login service, redacted, or of this package
	Plain   string // what is wrong, in plain words; may be empty
	Remedy  string // what to do about it; may be empty
	Err     error  // cause, such as a *net.OpError; may be nil

	configuration bool
	noEndpoint    bool // the machine has no managed identity endpoint
}

// HTTPStatus returns the status of the answer, 0 if there was none.
func (e *Error) HTTPStatus() int { return e.Status }

// Error returns Code, Message and Remedy in one line without secrets.
func (e *Error) Error() string {
	text := e.detail()
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// Explain returns in plain words what is wrong and what to do about it, with Code
// and Message as the detail. None of them is empty.
func (e *Error) Explain() (what, do, detail string) {
	what, do = e.Plain, e.Remedy
	if what == "" {
		what = "signing in fails"
		if !e.configuration {
			what = "the login service can't be reached"
		}
	}
	if do == "" {
		do = "see https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
		if !e.configuration {
			do = "check network, DNS, firewall and proxy if it lasts; it is tried again, and Microsoft keeps content for 7 days"
		} else if e.Code == "" {
			do = "check the options of the login"
		}
	}
	return what, do, e.detail()
}

// fallbackError returns an error for a login that works only by a fallback: err is
// why, plain and message say which fallback.
func fallbackError(plain, message string, err error) *Error {
	e := &Error{Plain: plain, Message: message + ": " + err.Error(), Err: err}
	var cause *Error
	if errors.As(err, &cause) {
		e.Message, e.Remedy, e.configuration = message+": "+cause.detail(), cause.Remedy, cause.configuration
	}
	return e
}

// detail returns Code and Message.
func (e *Error) detail() string {
	if e.Code != "" {
		return e.Code + ": " + e.Message
	}
	return e.Message
}

// Unwrap returns the cause, of the network or the file system; may be nil.
func (e *Error) Unwrap() error { return e.Err }

// Configuration reports whether a setting, a credential or the tenant must be
// changed before a login can work. Otherwise a retry may work: the network, the
// login service or the identity endpoint of the machine is not available.
func (e *Error) Configuration() bool { return e.configuration }
