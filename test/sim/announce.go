package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// announce tells where the service is and how Fluent Bit gets there. Its last
// line is "ready".
func (s *settings) announce(out io.Writer) error {
	ca, err := filepath.Abs(s.caOut)
	if err != nil {
		return err
	}
	values := [][2]string{
		{"tenant_id", strings.Join(s.cloud.Tenants, ",")},
		{"client_id", s.clientID},
		{"client_secret", s.secret},
		{"endpoint", s.root},
		{"authority_host", s.root},
		{"ca_file", ca},
		{"content_types", strings.Join(s.cloud.Types, ",")},
	}
	ready := map[string]string{"control": s.root + "/_sim/"}
	fmt.Fprintf(out, "simulated Microsoft 365 on %s (account: %[1]s/_sim/account)\n\npipeline:\n  inputs:\n    - name: o365\n", s.root)
	for _, v := range values {
		fmt.Fprintf(out, "      %s: %s\n", v[0], v[1])
		ready[v[0]] = v[1]
	}
	fmt.Fprintln(out, "\nready")
	if s.readyFile == "" {
		return nil
	}
	text, err := json.MarshalIndent(ready, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(s.readyFile, append(text, '\n'))
}

// writeWhole makes a file appear with all of its content.
func writeWhole(path string, text []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// public is the address a client uses for one that is listened on.
func public(addr net.Addr, listen string) string {
	host, _, _ := net.SplitHostPort(listen)
	_, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
