package cloud

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The kinds of faults. A number such as "503" is a kind as well: an answer with
// that status, with Text or a gateway's HTML page as its body.
const (
	Throttle     = "AF429"        // HTTP 403 with AF429
	Internal     = "AF50000"      // HTTP 500 with AF50000
	Unauthorized = "unauthorized" // HTTP 401, as for a stale token
	Refuse       = "refuse"       // HTTP 400 with the AF code in Text
	Reset        = "reset"        // the connection is reset before any answer
	Hang         = "hang"         // no answer for Delay, or until the client gives up

	// These happen to the body of a good answer, after the share At of it.
	ResetBody = "reset-body" // the connection is reset
	Abort     = "abort"      // the connection ends without the last chunk
	Truncate  = "truncate"   // the connection ends before Content-Length
	Cut       = "cut"        // the answer ends well, its JSON does not
	CutGzip   = "cut-gzip"   // the answer ends well, its gzip stream does not
	Stall     = "stall"      // nothing more comes for Delay, or until the client gives up; then as Abort
	Slow      = "slow"       // Delay between any two records
	Insert    = "insert"     // Text stands among the records, as an element of its own

	NextPageElsewhere = "next-page-elsewhere" // the NextPageUri names the host in Text
	ContentElsewhere  = "content-elsewhere"   // the contentUris name the host in Text
)

// Texts for Insert: elements that are not records.
const (
	Number    = `42`
	BadJSON   = `{"Id":"00000000-0000-4000-8000-000000000000","Operation":tru}`
	Truncated = `{"Id":"00000000-0000-4000-8000-000000000000","Operation":"Fi`
)

// Fault is something that goes wrong with some requests. Its fields narrow down
// which; the first of the faults that fits a request happens to it.
type Fault struct {
	Kind   string `json:"kind"`
	Op     string `json:"op,omitempty"`     // start, stop, list, content, audit, notifications or names
	Tenant string `json:"tenant,omitempty"` // directory id
	Type   string `json:"type,omitempty"`   // content type
	Match  string `json:"match,omitempty"`  // part of the path or query

	Probability float64 `json:"probability,omitempty"` // 0 is always
	Tries       int     `json:"tries,omitempty"`       // only the first so many tries of a request that is hit, and all of them; 0 each try anew
	Skip        int     `json:"skip,omitempty"`        // requests that fit and are spared at first
	Times       int     `json:"times,omitempty"`       // how often at most; 0 without limit

	At         float64  `json:"at,omitempty"` // share of the body that is sent, 0 to 1; 0 is random
	Text       string   `json:"text,omitempty"`
	Delay      Duration `json:"delay,omitzero"`
	RetryAfter int      `json:"retry_after,omitempty"` // seconds
}

// Duration is a time.Duration that is written like 1m30s in JSON.
type Duration struct{ time.Duration }

// MarshalJSON writes d as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a string such as "1m30s".
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	var err error
	d.Duration, err = time.ParseDuration(s)
	return err
}

// Flaky makes a share of all requests fail the first time they are made, in the
// ways that a service far away fails.
func Flaky(share float64) []Fault {
	kinds := []string{"503", "500", "504", "408", "429", Throttle, Internal, Reset, Abort, Truncate, CutGzip}
	list := make([]Fault, len(kinds))
	for i, kind := range kinds {
		// Each fault sees only what those before it let pass.
		rest := float64(len(kinds))/share - float64(i)
		list[i] = Fault{Kind: kind, Tries: 1, Probability: 1 / rest}
	}
	return list
}

// faults chooses what goes wrong. Whether a fault with a probability happens
// depends on the request and how often it was tried, not on the order in which
// requests come in.
type faults struct {
	seed uint64

	mu    sync.Mutex
	list  []Fault
	fit   []int // requests that each fault fitted
	done  []int // times each happened
	tries map[uint64]int
}

func newFaults(seed uint64, list []Fault) *faults {
	f := &faults{seed: seed}
	f.set(list)
	return f
}

func (f *faults) set(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.fit, f.done = list, make([]int, len(list)), make([]int, len(list))
	f.tries = map[uint64]int{}
}

func (f *faults) all() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list
}

// SetFaults replaces the faults from the next request on.
func (c *Cloud) SetFaults(list ...Fault) { c.faults.set(list) }

func (f *faults) pick(k *call) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return nil
	}
	h := fnv.New64a()
	fmt.Fprint(h, k.key())
	key := h.Sum64()
	try := f.tries[key]
	f.tries[key]++
	for i, fault := range f.list {
		if !fault.fits(k) || fault.Tries > 0 && try >= fault.Tries {
			continue
		}
		if f.fit[i]++; f.fit[i] <= fault.Skip || fault.Times > 0 && f.done[i] >= fault.Times {
			continue
		}
		draw := try
		if fault.Tries > 0 {
			draw = 0
		}
		dice := rand.New(rand.NewPCG(f.seed^key, uint64(draw)<<16|uint64(i)))
		if fault.Probability > 0 && dice.Float64() >= fault.Probability {
			continue
		}
		f.done[i]++
		if fault.At == 0 {
			fault.At = 0.05 + 0.9*dice.Float64()
		}
		return &fault
	}
	return nil
}

func (f *Fault) fits(k *call) bool {
	return (f.Op == "" || f.Op == k.op) &&
		(f.Tenant == "" || f.Tenant == k.r.PathValue("tenant")) &&
		(f.Type == "" || strings.EqualFold(f.Type, k.contentOf)) &&
		(f.Match == "" || strings.Contains(k.r.URL.RequestURI(), f.Match))
}

// beforeBody lets the fault happen if it is one that leaves no room for an
// answer.
func (f *Fault) beforeBody(k *call) bool {
	if f.RetryAfter > 0 {
		k.w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if status, err := strconv.Atoi(f.Kind); err == nil {
		body := f.Text
		k.w.Header().Set("Content-Type", jsonType)
		if body == "" {
			k.w.Header().Set("Content-Type", "text/html")
			body = fmt.Sprintf("<html><head><title>%d</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body></html>\r\n", status, http.StatusText(status))
		}
		k.respond(status, body)
		return true
	}
	switch f.Kind {
	case Throttle:
		k.refuse(tooMany(k))
	case Internal:
		k.refuse(refusef("AF50000", "An internal error occurred.  Retry the request."))
	case Unauthorized:
		k.refuse(errUnauthorized)
	case Refuse:
		k.refuse(refusef(f.Text, "Refused by a fault."))
	case Reset:
		reset(k)
	case Hang:
		f.hang(k)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// cuts tells whether the body ends where the fault happens.
func (f *Fault) cuts() bool {
	switch f.Kind {
	case ResetBody, Abort, Truncate, Cut, CutGzip, Stall:
		return true
	}
	return false
}

// place is the piece of n that the fault happens to.
func (f *Fault) place(n int) int {
	if f == nil {
		return -1
	}
	return max(0, min(int(f.At*float64(n)), n-1))
}

// breakOff ends an answer whose body was sent in part.
func (f *Fault) breakOff(k *call) {
	switch f.Kind {
	case ResetBody:
		reset(k)
	case Stall:
		f.hang(k)
		panic(http.ErrAbortHandler)
	case Abort:
		panic(http.ErrAbortHandler)
	}
}

// hang waits for Delay, or until the client gives up.
func (f *Fault) hang(k *call) {
	if f.Delay.Duration > 0 {
		wait(k.r.Context(), f.Delay.Duration)
		return
	}
	<-k.r.Context().Done()
}

// reset ends the connection with a TCP reset where it can, else like Abort.
func reset(k *call) {
	conn, _, err := http.NewResponseController(k.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = raw.Close()
}

// lead sends a URI to the host of a fault that says so, and remembers the host
// as one that should never see a token.
func (c *Cloud) lead(k *call, kind, uri string) string {
	if k.fault == nil || k.fault.Kind != kind {
		return uri
	}
	c.strangers[k.fault.Text] = true
	_, rest, _ := strings.Cut(strings.TrimPrefix(uri, c.root(k.r)), "/")
	return "https://" + k.fault.Text + "/" + rest
}

func (c *Cloud) isStranger(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.strangers[host]
}

// ParseFaults reads a JSON array of faults.
func ParseFaults(r io.Reader) ([]Fault, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var list []Fault
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	for _, f := range list {
		if _, err := strconv.Atoi(f.Kind); err != nil && !slices.Contains(kinds, f.Kind) {
			return nil, fmt.Errorf("faults: kind %q is none of %s or an HTTP status", f.Kind, strings.Join(kinds, ", "))
		}
	}
	return list, nil
}

var kinds = []string{
	Throttle, Internal, Unauthorized, Refuse, Reset, Hang,
	ResetBody, Abort, Truncate, Cut, CutGzip, Stall, Slow, Insert,
	NextPageElsewhere, ContentElsewhere,
}
