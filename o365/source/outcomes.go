package source

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
)

// Outcomes of a request besides HTTP statuses and the service's own codes.
const (
	OutcomeTimeout = "timeout" // no answer in time
	OutcomeDNS     = "dns"     // the name of the service is not known
	OutcomeTLS     = "tls"     // no secure connection, or to somebody else
	OutcomeNetwork = "network" // any other trouble on the way
	OutcomeOther   = "other"   // none of all these
)

// Outcomes says how a request ended, the most exact word first: the service's
// code, the status, its class. An error of the login is one that has a method
// HTTPStatus.
func Outcomes(err error) []string {
	var refused *Error
	var login interface{ HTTPStatus() int }
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return []string{"200"}
	case errors.As(err, &refused):
		return append([]string{refused.Code}, status(refused.Status)...)
	case errors.As(err, &login) && login.HTTPStatus() != 0:
		return status(login.HTTPStatus())
	case errors.As(err, &timeout) && timeout.Timeout():
		return []string{OutcomeTimeout, OutcomeNetwork}
	case errors.As(err, &dns):
		return []string{OutcomeDNS, OutcomeNetwork}
	case aboutTLS(err):
		return []string{OutcomeTLS, OutcomeNetwork}
	case login != nil && !errors.As(err, new(*net.OpError)) && !errors.As(err, new(*url.Error)):
		return []string{OutcomeOther} // a file, az, or an answer that is no token
	}
	return []string{OutcomeNetwork}
}

func status(code int) []string {
	return []string{strconv.Itoa(code), strconv.Itoa(code/100) + "xx"}
}

func aboutTLS(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) ||
		errors.As(err, new(tls.AlertError)) || errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError))
}
