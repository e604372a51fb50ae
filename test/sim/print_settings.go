package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// printSettings prints the settings of an input for the service at url, the
// environment that it needs, and then "ready". It writes both to the ready file as
// well, if there is to be one: a JSON object of strings, with the URL of the controls
// under "control".
func printSettings(url string, settings, environment map[string]string, out io.Writer, readyFile string) error {
	fmt.Fprintf(out, "simulated Microsoft 365 on %s (account: %[1]s/_sim/account)\n\npipeline:\n  inputs:\n    - name: o365\n", url)
	for _, key := range []string{"tenant_id", "client_id", "client_secret", "client_secret_uri", "endpoint", "authority_host", "proxy", "ca_file", "content_types"} {
		if settings[key] != "" {
			fmt.Fprintf(out, "      %s: %s\n", key, settings[key])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(out, "\nexport %s=%s", name, environment[name])
		settings[name] = environment[name]
	}
	fmt.Fprintln(out, "\nready")
	if readyFile == "" {
		return nil
	}
	settings["control"] = url + "/_sim/"
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
