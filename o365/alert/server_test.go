package alert

import (
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

func TestParseServer(t *testing.T) {
	for text, want := range map[string]Server{
		"smtp://mail.example.com":                     {Host: "mail.example.com", Port: 587},
		"smtp://mail.example.com:25?starttls=off":     {Host: "mail.example.com", Port: 25, Security: Plain},
		"smtp://u:p%40%3A@mail.example.com:2525":      {Host: "mail.example.com", Port: 2525, User: "u", Password: "p@:"},
		"smtps://u%40example.com@mail.example.com":    {Host: "mail.example.com", Port: 465, Security: TLS, User: "u@example.com"},
		"smtps://[::1]:466":                           {Host: "::1", Port: 466, Security: TLS},
		"smtp://mail.example.com?starttls=required":   {Host: "mail.example.com", Port: 587},
		"smtp://u@example.com@mail.example.com:10025": {Host: "mail.example.com", Port: 10025, User: "u@example.com"},
	} {
		if got, err := ParseServer(option.Secret(text)); err != nil || got != want {
			t.Errorf("%s: %#v (password %q), %v", text, got, got.Password.Reveal(), err)
		}
	}
	if _, err := ParseServer("smtp://u:secret@h:x"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
