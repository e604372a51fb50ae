// Command sim serves a simulated Microsoft 365: the login service and the
// Management Activity API, with made-up audit records, behind TLS with a
// certificate authority of its own.
//
//	go run ./test/sim
//
// prints the settings of a Fluent Bit input for it. Whoever runs it from
// another process asks under /_sim/ what came of it; see package cloud.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then prints the account.
func run(ctx context.Context, args []string, out io.Writer) error {
	set, err := parse(args)
	if err != nil || set == nil {
		return err
	}
	listener, err := net.Listen("tcp", set.listen)
	if err != nil {
		return err
	}
	set.root = "https://" + public(listener.Addr(), set.listen)
	certificate, err := newCertificate(set.caOut, listener.Addr())
	if err != nil {
		return err
	}
	directory := login.New(login.Options{Seed: set.cloud.Seed, TokenLifetime: set.tokenLife, Now: set.now})
	directory.AddApp(login.App{ClientID: set.clientID, Secret: set.secret, Roles: set.roles}, set.cloud.Tenants...)
	set.cloud.Verify = verifier(directory, set.root)
	set.cloud.BaseURL = set.root
	api := cloud.New(set.cloud)
	if set.store {
		api.Store()
	}

	server := &http.Server{
		Handler:           route(api, directory, set.clientID),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(!set.http1)
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(listener, "", "") }()
	if err := set.announce(out); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case err = <-served:
		return err
	case <-ctx.Done():
	}
	err = shutDown(server)
	<-served
	account, _ := json.MarshalIndent(api.Account(), "", "  ")
	fmt.Fprintf(out, "account: %s\n", account)
	return err
}

// shutDown gives answers under way a moment to end.
func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	} else if err != nil {
		return err
	}
	return nil
}

// route gives the API its paths and the login service all others. Besides the
// controls of package cloud there are
//
//	POST /_sim/login/revoke          no token issued so far is good any more
//	POST /_sim/login/secret?value=   the application's new secret
func route(api http.Handler, directory *login.Service, clientID string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.Handle("/_sim/", api)
	mux.Handle("/", directory)
	mux.HandleFunc("POST /_sim/login/revoke", func(w http.ResponseWriter, _ *http.Request) {
		directory.RevokeAll()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/login/secret", func(w http.ResponseWriter, r *http.Request) {
		directory.SetSecret(clientID, r.URL.Query().Get("value"))
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// verifier accepts the directory's tokens for the API at root.
func verifier(directory *login.Service, root string) cloud.Verifier {
	return func(bearer string) (string, []string, error) {
		claims, err := directory.Verify(bearer)
		if err != nil {
			return "", nil, err
		}
		if strings.TrimRight(claims.Audience, "/") != root {
			return "", nil, fmt.Errorf("token for %s", claims.Audience)
		}
		return claims.TenantID, claims.Roles, nil
	}
}
