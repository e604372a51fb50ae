package api

import (
	"io"
	"iter"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// Checker begins a comparison of delivered records with the published ones.
func (c *Service) Checker(opt check.Options) *check.Checker { return check.New(published{c}, opt) }

// Check compares delivered records, as JSON, with those published by now.
func (c *Service) Check(records iter.Seq[[]byte], opt check.Options) check.Report {
	k := c.Checker(opt)
	for record := range records {
		k.Add(record)
	}
	return k.Report()
}

// CheckLines compares a file of records, one a line, with those published by now.
// It fails if the file cannot be read.
func (c *Service) CheckLines(r io.Reader, opt check.Options) (check.Report, error) {
	k := c.Checker(opt)
	if err := k.AddLines(r); err != nil {
		return check.Report{}, err
	}
	return k.Report(), nil
}
