package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// seed is that of all made-up records.
const seed = 1

// types are the content types that a service has.
var types = []string{api.Entra, api.Exchange, api.SharePoint, api.General}

// load is a simulated service and what there is to collect from it.
type load struct {
	*rig.Simulator
	size api.Expectation
}

// startLoad serves so many blobs of each content type. All are made before it
// returns. More flags are the simulator's.
func startLoad(ctx context.Context, dir string, blobs, records int, flags ...string) (*load, error) {
	all := strings.Join(types, ",")
	s, err := rig.StartSimulator(ctx, dir, append([]string{"-store", "-seed", strconv.Itoa(seed), "-types", all, "-subscribed", all,
		"-blobs", strconv.Itoa(blobs), "-records", strconv.Itoa(records), "-duplicates", "0", "-live", "0"}, flags...)...)
	if err != nil {
		return nil, err
	}
	account, err := s.Account()
	if err != nil {
		s.Kill()
		return nil, err
	}
	return &load{s, account.Expected}, nil
}

func (l *load) stop() { l.Stop(stopLimit) }
