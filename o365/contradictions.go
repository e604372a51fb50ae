package o365

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// rule is a set of options that exclude each other.
type rule struct {
	broken  bool
	message string
}

// contradictions returns an error with one line for each set of options that
// exclude each other, nil if there is none. Every value by itself is valid:
// package option has checked that.
func (c Config) contradictions() error {
	login, mail := c.Login, c.Mail
	recipients, server := len(mail.To) > 0, mail.Server.Host != ""
	user, password, passwordFile := mail.Server.User != "", mail.Server.Password != "", mail.PasswordFile != ""
	sending := recipients && server // otherwise one line says what is missing

	secretFrom := set(option.ClientSecret, login.ClientSecret.Reveal(), option.ClientSecretFile, login.ClientSecretFile, option.ClientSecretURI, login.ClientSecretURI)
	certificateFrom := set(option.CertificateFile, login.CertificateFile, option.CertificateURI, login.CertificateURI)

	var found []error
	for _, rule := range slices.Concat([]rule{
		{len(secretFrom) > 1, onlyOne(secretFrom)},
		{len(certificateFrom) > 1, onlyOne(certificateFrom)},
		{login.CertificatePassword != "" && len(certificateFrom) == 0,
			noEffect(option.CertificatePassword, option.CertificateFile)},
		{len(c.Tenants) > 1 && login.Method == identity.ManagedIdentity,
			option.TenantID + ": a managed identity belongs to one tenant (use one section for each tenant)"},
		{c.QueueSize < c.BatchSize,
			fmt.Sprintf("%s: %d bytes is less than %s (use at least %d)", option.QueueSize, c.QueueSize, option.BatchSize, c.BatchSize)},
		{c.HealthTag != "" && c.HealthTag == c.TagPrefix,
			fmt.Sprintf("%s: %q is %s too (use another tag)", option.HealthTag, c.HealthTag, option.TagPrefix)},

		{!recipients && mail.From != "", noEffect(option.AlertEmailFrom, option.AlertEmailTo)},
		{!recipients && server, noEffect(option.SMTPURL, option.AlertEmailTo)},
		{!recipients && passwordFile, noEffect(option.SMTPPasswordFile, option.AlertEmailTo)},
		{recipients && mail.From == "", needs(option.AlertEmailTo, option.AlertEmailFrom)},
		{recipients && !server, needs(option.AlertEmailTo, option.SMTPURL)},
		{sending && password && passwordFile, notBoth(option.SMTPPasswordFile, "a password in "+option.SMTPURL)},
		{sending && !user && passwordFile, noEffect(option.SMTPPasswordFile, "a user in "+option.SMTPURL)},
		{sending && !user && password, option.SMTPURL + ": has a password without a user"},
		{sending && user && !password && !passwordFile,
			option.SMTPURL + ": has a user without a password (set " + option.SMTPPasswordFile + ")"},
		{sending && user && mail.Server.Security == alert.Plain,
			option.SMTPURL + ": a password is never sent unencrypted (leave out the user, or starttls=off)"},
	}, c.storageRules()) {
		if rule.broken {
			found = append(found, errors.New(rule.message))
		}
	}
	return errors.Join(found...)
}

// set returns the keys, of pairs of a key and its value, that have a value.
func set(pairs ...string) []string {
	var keys []string
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			keys = append(keys, pair[0])
		}
	}
	return keys
}

// onlyOne is about keys of which one must be set at most.
func onlyOne(keys []string) string {
	if len(keys) < 2 {
		return ""
	}
	return notBoth(keys[0], keys[1])
}

func notBoth(key, other string) string { return fmt.Sprintf("%s: set it or %s, not both", key, other) }
func noEffect(key, other string) string {
	return fmt.Sprintf("%s: has no effect without %s", key, other)
}
func needs(key, other string) string { return fmt.Sprintf("%s: needs %s", key, other) }
