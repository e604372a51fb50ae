package main

import (
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// service is a simulated Microsoft 365 and what it is shown with.
type service struct {
	*rig.Service
	backlog int // blobs that are there from the beginning
	size    int // records in a blob
}

// startService serves so many blobs of each content type.
func startService(dir string, blobs, records int) (*service, error) {
	s, err := rig.StartService(dir, api.Options{Seed: 1, Blobs: blobs, Records: records, Duplicates: 1})
	return &service{Service: s, backlog: blobs * len(api.ContentTypes()), size: records}, err
}

// produce makes a new blob of each content type.
func (s *service) produce() { s.Produce("", "", 1, s.size) }

func (s *service) String() string {
	return fmt.Sprintf("a simulated Microsoft 365 on %s has %s records of seven days in %d content blobs",
		s.URL(), thousands(s.backlog*s.size), s.backlog)
}
