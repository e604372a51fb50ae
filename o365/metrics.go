package o365

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
)

// Metrics are the numbers of the input, from its start on.
func (in *Input) Metrics() *health.Metrics { return in.metrics }

func newMetrics(c Config) *health.Metrics {
	types := make([]string, len(c.ContentTypes))
	for i, t := range c.ContentTypes {
		types[i] = string(t)
	}
	return health.NewMetrics(c.Tenants, types)
}

// summary is what was done since the start, in one line.
func summary(m *health.Metrics) string {
	line := fmt.Sprintf("%d records of %d blobs delivered, %d duplicates dropped",
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Records }),
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Delivered }),
		m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Duplicates }))
	if n := m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Malformed }); n > 0 {
		line += fmt.Sprintf(", %d malformed", n)
	}
	if n := m.Sum(func(s *health.StreamMetrics) *health.Counter { return &s.Gaps }); n > 0 {
		line += fmt.Sprintf(", %d gaps", n)
	}
	return line
}

var operations = map[activity.Op]health.Operation{
	activity.OpSubscriptions: health.OpSubscriptions,
	activity.OpStart:         health.OpStart,
	activity.OpList:          health.OpList,
	activity.OpBlob:          health.OpDownload,
}

// count counts a request that has ended, unless we broke it off ourselves.
func count(m *health.TenantMetrics, o health.Operation, err error) {
	if !errors.Is(err, context.Canceled) {
		m.Requested(o, outcomes(err)...)
	}
}

// outcomes tells how a request ended, the most exact word first.
func outcomes(err error) []string {
	var refused *activity.Error
	var login *identity.Error
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return []string{"200"}
	case errors.As(err, &refused):
		return append([]string{refused.Code}, status(refused.Status)...)
	case errors.As(err, &login) && login.Status != 0:
		return status(login.Status)
	case errors.As(err, &timeout) && timeout.Timeout():
		return []string{health.OutcomeTimeout, health.OutcomeNetwork}
	case errors.As(err, &dns):
		return []string{health.OutcomeDNS, health.OutcomeNetwork}
	case aboutTLS(err):
		return []string{health.OutcomeTLS, health.OutcomeNetwork}
	case login != nil && !errors.As(err, new(*net.OpError)) && !errors.As(err, new(*url.Error)):
		return []string{health.OutcomeOther} // a file, az, or an answer that is no token
	}
	return []string{health.OutcomeNetwork}
}

func status(code int) []string {
	return []string{strconv.Itoa(code), strconv.Itoa(code/100) + "xx"}
}

func aboutTLS(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) ||
		errors.As(err, new(tls.AlertError)) || errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError))
}
