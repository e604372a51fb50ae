package option

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// A Type reads the text of an option.
type Type struct {
	example string // how to write a value
	allowed string // allowed values or range
	parse   func(text string) (any, error)

	values   []string // of oneOf, and of a list of those
	list     bool     // listOf
	verbatim bool     // spaces around the value belong to it
}

// use returns the advice of an error.
func (t Type) use() string {
	if t.example == "" || t.allowed == "" {
		return t.example + t.allowed
	}
	return t.example + "; " + t.allowed
}

// Types without limits of their own.
var (
	boolean             = Type{example: "on, off, true, false, yes or no", parse: parseBool}
	email               = Type{example: "NAME@HOST or WHO <NAME@HOST>", parse: parseEmail}
	guid                = Type{example: "a GUID such as 8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33", parse: parseGUID}
	httpsURL            = Type{example: "https://HOST", parse: parseHTTPS}
	moment              = Type{example: "a date such as 2026-11-22, or a time such as 2026-11-22T13:00:00Z; dates begin at midnight UTC", parse: parseMoment}
	path                = Type{example: "a path without control characters", parse: parsePath}
	proxyURL            = Type{example: "http://HOST:PORT, https://HOST:PORT, socks5://HOST:PORT or socks5h://HOST:PORT", parse: parseProxy}
	smtpURL             = Type{example: "smtp://USER@HOST:587, smtps://USER@HOST:465 or smtp://HOST:25?starttls=off; USER:PASSWORD with special characters as in %40", parse: parseSMTP}
	storageURL          = Type{example: "https://ACCOUNT.blob.core.windows.net/CONTAINER, with /FOLDER if it is one, or file:///FOLDER", parse: parseStorageURL}
	tag                 = Type{example: "letters, digits, _ and -, in words joined by dots", parse: parseTag}
	vaultURL            = Type{example: "https://VAULT.vault.azure.net/secrets/NAME, with /VERSION for one that stays", parse: parseVaultURL("secrets")}
	vaultCertificateURL = Type{example: "https://VAULT.vault.azure.net/certificates/NAME or https://VAULT.vault.azure.net/secrets/NAME, with /VERSION for one that stays", parse: parseVaultURL("secrets", "certificates")}
	text                = Type{verbatim: true, parse: func(s string) (any, error) { return s, nil }}
)

func duration(low, high string) Type {
	return Type{
		example: "90s, 15m, 12h or 7d",
		allowed: low + " to " + high,
		parse:   within(parseDuration, low, high),
	}
}

func size(low, high string) Type {
	return Type{
		example: "512k, 1M or 2G",
		allowed: low + " to " + high,
		parse:   within(parseSize, low, high),
	}
}

func integer(low, high string) Type {
	return Type{
		allowed: low + " to " + high,
		parse:   within(parseInt, low, high),
	}
}

func within[T cmp.Ordered](parse func(string) (T, error), low, high string) func(string) (any, error) {
	return func(text string) (any, error) {
		v, err := parse(text)
		if err != nil {
			return nil, err
		}
		least, errLow := parse(low)
		most, errHigh := parse(high)
		if err := errors.Join(errLow, errHigh); err != nil {
			return nil, err
		}
		if v < least || v > most {
			return nil, fmt.Errorf("%s is out of range", quote(text))
		}
		return v, nil
	}
}

// oneOf accepts any case and returns the spelling of the declaration.
func oneOf(values ...string) Type {
	last := len(values) - 1
	return Type{
		values:  values,
		allowed: strings.Join(values[:last], ", ") + " or " + values[last],
		parse: func(text string) (any, error) {
			for _, v := range values {
				if strings.EqualFold(v, text) {
					return v, nil
				}
			}
			return nil, fmt.Errorf("%s is unknown", quote(text))
		},
	}
}

// listOf accepts comma-separated items, none empty and none twice. The values of
// the items must be strings.
func listOf(item Type) Type {
	t := Type{example: item.example, allowed: item.allowed, values: item.values, list: true}
	if t.allowed != "" {
		t.allowed += ", comma-separated"
	} else {
		t.example += ", several comma-separated"
	}
	t.parse = func(text string) (any, error) {
		var list []string
		var mistakes []error
		for part := range strings.SplitSeq(text, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				mistakes = append(mistakes, errors.New("an item of the list is empty"))
				continue
			}
			v, err := item.parse(part)
			if err != nil {
				mistakes = append(mistakes, err)
				continue
			}
			s, _ := v.(string)
			if slices.Contains(list, s) {
				mistakes = append(mistakes, fmt.Errorf("%s is listed twice", quote(part)))
				continue
			}
			list = append(list, s)
		}
		return list, errors.Join(mistakes...)
	}
	return t
}

func parseBool(text string) (any, error) {
	switch strings.ToLower(text) {
	case "on", "true", "yes":
		return true, nil
	case "off", "false", "no":
		return false, nil
	}
	return nil, fmt.Errorf("%s is neither on nor off", quote(text))
}

var (
	guidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	tagForm  = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
)

func parseGUID(text string) (any, error) {
	s := strings.ToLower(text)
	if !guidForm.MatchString(s) {
		return nil, fmt.Errorf("%s is not a GUID", quote(text))
	}
	return s, nil
}

func parseTag(text string) (any, error) {
	if !tagForm.MatchString(text) {
		return nil, fmt.Errorf("%s is not a tag", quote(text))
	}
	return text, nil
}

func parsePath(text string) (any, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, fmt.Errorf("%s is not a path", quote(text))
	}
	return text, nil
}

func parseMoment(text string) (any, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, strings.ToUpper(text)); err == nil {
			return t.UTC(), nil
		}
	}
	return nil, fmt.Errorf("%s is neither a date nor a time with its zone", quote(text))
}

// quote quotes a value for an error, in one line of bounded length.
func quote(text string) string {
	const maxChars = 80
	if r := []rune(text); len(r) > maxChars {
		text = string(r[:maxChars]) + "..."
	}
	return fmt.Sprintf("%q", text)
}
