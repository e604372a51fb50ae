package alert

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Server is a mail server and the login to it.
type Server struct {
	Host     string
	Port     int
	Security Security
	User     string // empty: no login
	Password option.Secret
}

// Security is how a connection is encrypted.
type Security int

// The values of Security.
const (
	STARTTLS Security = iota // required: nothing is sent without it
	TLS                      // from the start of the connection
	Plain                    // not encrypted
)

// ParseServer parses the option smtp_url, which package option has checked. The
// default port is 587, of smtps 465.
func ParseServer(text option.Secret) (Server, error) {
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Hostname() == "" {
		return Server{}, fmt.Errorf("%s: the value is not a URL", option.SMTPURL)
	}
	s := Server{Host: u.Hostname(), Port: 587, User: u.User.Username()}
	password, _ := u.User.Password()
	s.Password = option.Secret(password)
	switch {
	case u.Scheme == "smtps":
		s.Security, s.Port = TLS, 465
	case u.Query().Get("starttls") == "off":
		s.Security = Plain
	}
	if u.Port() != "" {
		if s.Port, err = strconv.Atoi(u.Port()); err != nil {
			return Server{}, fmt.Errorf("%s: the port is no number", option.SMTPURL)
		}
	}
	return s, nil
}
