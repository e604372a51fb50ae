package storage

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Options are how a container in Azure is reached. A folder needs none.
type Options struct {
	// HTTP makes all requests: with its proxy, its certificates, its trace, and its
	// limit for a server that says nothing. It is asked for nothing but the account's
	// blob service.
	HTTP *http.Client

	// One of these logs in. The functions are called before each request, so that
	// they can read again what has been rotated; they must be quick.
	Credential azcore.TokenCredential
	SharedKey  func() (option.Secret, error)
	SAS        func() (option.Secret, error)

	// Tier is the access tier of uploads, of [Tiers]; "" is the account's own. What
	// [Store.Put] stores has that in any case, since it is written again and again.
	Tier string
}

// Tiers are the access tiers. An object in the last one can't be read before somebody
// has it brought back, which takes hours.
var Tiers = []string{"hot", "cool", "cold", "archive"}

// Open returns the store at a URL, of a container in Azure or of a folder:
//
//	https://ACCOUNT.blob.core.windows.net/CONTAINER[/PREFIX]
//	https://127.0.0.1:10000/ACCOUNT/CONTAINER[/PREFIX]
//	file:///FOLDER
//
// It asks nobody. The error is one line, which says how the URL should be.
func Open(text string, o Options) (Store, error) {
	p, err := parse(text)
	switch {
	case err != nil:
		return nil, err
	case p.folder != "":
		return NewFolder(p.folder), nil
	case o.Tier != "" && !slices.Contains(Tiers, o.Tier):
		return nil, fmt.Errorf("the access tier %q is none of %s", o.Tier, strings.Join(Tiers, ", "))
	case o.Credential != nil && p.scheme == "http":
		return nil, errors.New("a login needs https, which Azurite speaks with --oauth basic and a certificate; or use its key")
	}
	logins := 0
	for _, has := range []bool{o.Credential != nil, o.SharedKey != nil, o.SAS != nil} {
		if has {
			logins++
		}
	}
	if logins != 1 || o.HTTP == nil {
		return nil, errors.New("internal error: a container needs one login and an HTTP client; please report this bug")
	}
	return newAzure(p, o, retries)
}

// place is what a URL names.
type place struct {
	folder string // of file:, else ""

	scheme, host string
	account      string
	path         string // of the account: "" or /ACCOUNT
	container    string
	prefix       string // "" or with a slash at its end
}

func (p place) containerURL() string {
	return p.scheme + "://" + p.host + p.path + "/" + p.container
}

const (
	azureForm  = "https://ACCOUNT.blob.core.windows.net/CONTAINER or https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX"
	folderForm = "file:///FOLDER"
)

var containerName = regexp.MustCompile(`^[a-z0-9](-?[a-z0-9])+$`)

func parse(text string) (place, error) {
	bad := func(why, form string) (place, error) {
		return place{}, fmt.Errorf("the URL %s; it should be like %s", why, form)
	}
	u, err := url.Parse(text)
	switch {
	case text == "":
		return bad("is empty", azureForm+" or "+folderForm)
	case err != nil || text != strings.TrimSpace(text):
		return bad("has blanks at its ends, or characters that a URL can't have", azureForm+" or "+folderForm)
	case slices.Contains([]string{"abfs", "abfss", "wasb", "wasbs"}, u.Scheme):
		return bad("begins with "+u.Scheme+"://, which is for Hadoop", azureForm)
	// What may hold a secret is not quoted.
	case u.User != nil:
		return bad("has a user or password before the @", azureForm)
	case u.RawQuery != "" || u.ForceQuery:
		return bad("has a ? and what follows, such as a SAS, which belongs in a file of its own", azureForm)
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return bad("has a # and what follows; write %23 for the character itself", azureForm)
	}
	switch u.Scheme {
	case "file":
		return parseFolder(u, bad)
	case "https", "http":
		return parseAzure(u, bad)
	case "":
		return bad("does not begin with https:// or file://", azureForm+" or "+folderForm)
	default:
		return bad(fmt.Sprintf("begins with %.20s:, which is none of https: and file:", u.Scheme), azureForm+" or "+folderForm)
	}
}

type badURL func(why, form string) (place, error)

func parseFolder(u *url.URL, bad badURL) (place, error) {
	switch {
	case u.Host != "":
		return bad(fmt.Sprintf("has two slashes before %s, which makes a machine of it", u.Host), "file:///"+u.Host+u.Path)
	case u.Opaque != "" || !strings.HasPrefix(u.Path, "/"):
		return bad("does not name the whole path of a folder", folderForm)
	case strings.ContainsRune(u.Path, 0):
		return bad("has a character that a path can't have", folderForm)
	}
	return place{folder: u.Path}, nil
}

func parseAzure(u *url.URL, bad badURL) (place, error) {
	u.Host = strings.ToLower(u.Host) // the account's name is signed, and has no capitals
	p := place{scheme: u.Scheme, host: u.Host}
	name := u.Hostname()
	ip := net.ParseIP(name)
	loopback := ip.IsLoopback() || name == "localhost"
	form, parts := azureForm, strings.Split(strings.TrimPrefix(strings.TrimSuffix(u.Path, "/"), "/"), "/")
	if ip != nil || loopback {
		form = u.Scheme + "://" + u.Host + "/ACCOUNT/CONTAINER or " + u.Scheme + "://" + u.Host + "/ACCOUNT/CONTAINER/PREFIX"
		p.account, parts = parts[0], parts[1:]
		p.path = "/" + p.account
		if p.account == "" {
			return bad("names no account", form)
		}
	} else {
		var kind string
		p.account, kind, _ = strings.Cut(name, ".")
		switch kind, _, _ = strings.Cut(kind, "."); {
		case name == "" || p.account == "" || kind == "":
			return bad("names no account", form)
		case kind == "dfs" || kind == "file" || kind == "queue" || kind == "table":
			return bad(fmt.Sprintf("is that of the account's %s service", kind), "https://"+strings.Replace(u.Host, "."+kind+".", ".blob.", 1)+"/CONTAINER")
		case strings.HasSuffix(p.account, "-secondary"):
			return bad("is that of the account's second copy, which can only be read", "https://"+strings.Replace(u.Host, "-secondary.", ".", 1)+"/CONTAINER")
		}
	}
	switch {
	case u.Scheme == "http" && !loopback:
		return bad("begins with http://, which anybody on the way can read", strings.ReplaceAll(form, "http:", "https:"))
	case len(parts) == 0 || parts[0] == "":
		return bad("names no container", form)
	case len(parts[0]) < 3 || len(parts[0]) > 63 || !containerName.MatchString(parts[0]):
		return bad(fmt.Sprintf("has the container %.70q; a container has 3 to 63 lower case letters, digits and single hyphens", parts[0]), form)
	}
	p.container = parts[0]
	if prefix := strings.Join(parts[1:], "/"); prefix != "" {
		if err := checkName(prefix); err != nil {
			return bad(fmt.Sprintf("has a prefix that can't be used: %v", err), form)
		}
		p.prefix = prefix + "/"
	}
	return p, nil
}
