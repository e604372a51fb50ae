package source

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"strconv"
)

// Outcomes of a request besides statuses of HTTP and the service's own codes.
const (
	OutcomeTimeout = "timeout" // no answer in time
	OutcomeDNS     = "dns"     // the name of the service cannot be resolved
	OutcomeTLS     = "tls"     // no secure connection, or one to somebody else
	OutcomeNetwork = "network" // another error of the network
	OutcomeOther   = "other"   // none of these
)

// Outcomes returns the names of how a request ended, the most exact one first, such
// as AF429, 403, 4xx: the service's code ("" if there is none), the status, its
// class. The metric of requests uses the first name that it has a series for. An
// error with a method HTTPStatus() int is one of the login.
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
