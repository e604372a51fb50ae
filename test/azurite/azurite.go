// Package azurite starts Azurite, Microsoft's emulator of Azure Blob Storage, for
// tests. make azurite installs it.
//
// What Azurite 3.37.0 does otherwise than Azure, as Microsoft describes it, is this, so
// that tests of these things need an answer of their own:
//
//   - A wrong key and a SAS that has expired get AuthorizationFailure instead of
//     AuthenticationFailed, both with 403.
//   - Put Blob with If-None-Match: * gets BlobAlreadyExists where there is no blob, but
//     blocks that somebody has staged. Put Block List with it is carried out.
//   - Policies of immutability, legal holds, firewalls, roles and throttling do not
//     exist. Tokens are not verified, and every token may do everything.
//   - A login with tokens needs HTTPS and an issuer of version 1, sts.windows.net.
//   - The marker of a list is the last name; that of Azure is opaque.
package azurite

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// The account that Azurite has, and its key, which are the same everywhere.
// https://learn.microsoft.com/azure/storage/common/storage-use-azurite
const (
	Account = "devstoreaccount1"
	Key     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// ErrMissing is the reason to skip a test that needs Azurite.
var ErrMissing = errors.New("no Azurite: run make azurite, or set AZURITE to a program azurite-blob")

// Options are how Azurite runs. The zero value keeps everything in memory and speaks
// plain HTTP.
type Options struct {
	// Folder, if set, keeps what is stored, also for the next one in it.
	Folder string
	// OAuth serves HTTPS and takes tokens, such as those of [Credential].
	OAuth bool
}

// Server is an Azurite that is running.
type Server struct {
	// URL is that of its account, without a slash at its end.
	URL string
	// Client trusts its certificate.
	Client *http.Client

	process *rig.Process
	dir     string
}

var listens = regexp.MustCompile(`successfully listens on (\S+)`)

// startLimit is how long Azurite may print nothing: Node.js loads thousands of files.
const startLimit = 3 * time.Minute

// Start starts Azurite's blob service on a free port: ErrMissing if it is not installed.
func Start(o Options) (*Server, error) {
	program, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "azurite")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, Client: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}}
	// It would send what is done with it to Microsoft.
	args := []string{"--disableTelemetry", "--silent", "--blobPort", "0"}
	if o.Folder != "" {
		args = append(args, "--location", o.Folder)
	} else {
		args = append(args, "--inMemoryPersistence")
	}
	if o.OAuth {
		pool := x509.NewCertPool()
		cert, key, err := certificate(dir, pool)
		if err != nil {
			return nil, errors.Join(err, s.Stop())
		}
		s.Client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: pool}
		args = append(args, "--oauth", "basic", "--cert", cert, "--key", key)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	log := new(rig.Text)
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = rig.Start(cmd); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.process.AwaitLog("successfully listens on ", 1, startLimit); err != nil {
		return nil, errors.Join(err, errors.New(s.process.LogTail()), s.Stop())
	}
	s.URL = listens.FindStringSubmatch(s.process.Log())[1] + "/" + Account
	return s, nil
}

// Stop ends Azurite and waits for its end.
func (s *Server) Stop() error {
	if s.process != nil {
		s.Client.CloseIdleConnections() // it would wait for them
		s.process.Stop(10 * time.Second)
	}
	return os.RemoveAll(s.dir)
}

// find finds the program that AZURITE names, or the one that make azurite has installed.
func find() (string, error) {
	if name := os.Getenv("AZURITE"); name != "" {
		return exec.LookPath(name)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		above := filepath.Dir(dir)
		if above == dir {
			return "", ErrMissing
		}
		dir = above
	}
	program := filepath.Join(dir, "build", "azurite", "node_modules", ".bin", "azurite-blob")
	_, nodeErr := exec.LookPath("node")
	if _, err := os.Stat(program); cmp.Or(err, nodeErr) != nil {
		return "", ErrMissing
	}
	return program, nil
}
