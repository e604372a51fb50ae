package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

// printSettings prints the settings of an input for the service, and then "ready".
// It writes them to the ready file as well, if there is to be one: a JSON object of
// strings, with the URL of the controls under "control".
func printSettings(s *server.Server, out io.Writer, readyFile string) error {
	settings := s.Settings()
	fmt.Fprintf(out, "simulated Microsoft 365 on %s (account: %[1]s/_sim/account)\n\npipeline:\n  inputs:\n    - name: o365\n", s.URL())
	for _, key := range []string{"tenant_id", "client_id", "client_secret", "endpoint", "authority_host", "ca_file", "content_types"} {
		fmt.Fprintf(out, "      %s: %s\n", key, settings[key])
	}
	fmt.Fprintln(out, "\nready")
	if readyFile == "" {
		return nil
	}
	settings["control"] = s.URL() + "/_sim/"
	text, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(readyFile, append(text, '\n'))
}

// writeWhole makes a file appear with all of its content.
func writeWhole(path string, text []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
