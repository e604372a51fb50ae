package e2e

import (
	"errors"
	"flag"
	"log"
	"os"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// full asks for tests of full size.
var full = os.Getenv("O365_E2E") == "full"

// sized is the size of a test: everyday or full.
func sized[T any](everyday, fullSize T) T {
	if full {
		return fullSize
	}
	return everyday
}

// plugin is the shared object, hosts are the programs that load it.
var (
	plugin string
	hosts  []program
)

// program loads the plugin.
type program struct {
	name string // of subtests
	rig.Host
}

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	testHost, err := rig.BuildHost(dir)
	if errors.Is(err, host.ErrNoCompiler) {
		log.Print("no C compiler: nothing to test")
		return 0
	}
	if err == nil {
		plugin, err = host.BuildPlugin(dir)
	}
	if err != nil {
		log.Print(err)
		return 1
	}
	fluentBit, err := rig.FindFluentBit() // no path if there is none
	if err != nil {
		log.Print(err)
		return 1
	}
	hosts = append(hosts, program{"host", testHost}, program{"fluent-bit", fluentBit})
	if !given("test.parallel") {
		_ = flag.Set("test.parallel", "12") // they wait most of the time
	}
	return m.Run()
}

func given(name string) (given bool) {
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// inEach runs a test in every host there is.
func inEach(t *testing.T, test func(t *testing.T, p program)) {
	for _, p := range hosts {
		t.Run(p.name, func(t *testing.T) { in(t, p, test) })
	}
}

// inEachAtOnce is inEach for tests whose timing may suffer from others.
func inEachAtOnce(t *testing.T, test func(t *testing.T, p program)) {
	for _, p := range hosts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			in(t, p, test)
		})
	}
}

func in(t *testing.T, p program, test func(t *testing.T, p program)) {
	if p.Path == "" {
		t.Skip(rig.NoFluentBit)
	}
	t.Logf("in %s", p)
	test(t, p)
}
