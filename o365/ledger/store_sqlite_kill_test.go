package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Some tests need a process of their own: the test binary started again, with
// the role in the environment.
const role = "LEDGER_TEST_ROLE"

var roles = map[string]func(path string, args []string) error{
	"confirm for ever": confirmForEver,
}

func TestMain(m *testing.M) {
	play, ok := roles[os.Getenv(role)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := play(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func again(as, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.Stderr = os.Stderr
	return cmd
}

// together is the number of deliveries that are confirmed with delivery n.
func together(n int) int { return n%4 + 1 }

// confirmForEver confirms deliveries from number args[0] on, and prints on
// standard output how many are confirmed.
func confirmForEver(path string, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	l, err := tryOpen(path, Options{DedupMax: 1 << 20, Now: at(start)})
	if err != nil {
		return err
	}
	for {
		var ds []Delivery
		for range together(n) {
			ds = append(ds, delivery(n))
			n++
		}
		if err := errors.Join(l.Confirm(ds), l.Complete(exchange, source.Span{From: start, To: start.Add(time.Duration(n) * time.Second)})); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// Whatever was confirmed before a kill -9 is there after it, and nothing else
// but perhaps the one batch that was on its way, whole.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(scratch(t), "o365.db")
	kills, longest := 100, 40*time.Millisecond
	if brief() {
		kills = 20
	}
	if raced {
		longest *= 20
	}
	confirmed, completed := 0, 0
	for range kills {
		cmd := again("confirm for ever", path, strconv.Itoa(confirmed))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(rand.N(longest), func() { cmd.Process.Kill() })
		said := confirmed
		for in := bufio.NewScanner(out); in.Scan(); {
			if said, err = strconv.Atoi(in.Text()); err != nil {
				t.Fatal(err)
			}
			completed = said
		}
		cmd.Wait()

		l := open(t, path, Options{DedupMax: 1 << 20, Log: func(_ logging.Level, line string) { t.Error(line) }})
		for n := range said {
			if !known(t, l, delivery(n)) {
				t.Fatalf("delivery %d was confirmed, and is not there", n)
			}
		}
		more := 0
		for n := said; n < said+20; n++ {
			if known(t, l, delivery(n)) {
				more++
			}
		}
		if more != 0 && (more != together(said) || !known(t, l, delivery(said))) {
			t.Fatalf("%d confirmed, %d more are known", said, more)
		}
		end := start.Add(time.Duration(completed) * time.Second)
		if spans := l.Completed(exchange); completed > 0 && (len(spans) != 1 || spans[0].To.Before(end)) {
			t.Fatalf("complete: %v, not to %v", spans, end)
		}
		confirmed = said + more
		l.Close()
	}
	if confirmed < kills {
		t.Fatalf("only %d confirmed: this test tests nothing", confirmed)
	}
	t.Logf("%d kills, %d deliveries", kills, confirmed)
}
