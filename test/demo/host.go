package main

import (
	"bytes"
	"context"
	"path/filepath"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// start starts a host that prints records as JSON lines. State goes to dir,
// and content to the archive.
func (d *demo) start(h rig.Host, dir, archive string) (*rig.Process, error) {
	input := d.service.Options().With(rig.Options{"name": "o365", "db": filepath.Join(dir, "o365.db"), "archive_url": "file://" + archive})
	if h.FluentBit {
		input["storage.type"] = "filesystem"
	}
	cmd, err := h.Command(context.Background(), dir, d.plugin, rig.Config{
		Service: rig.Options{"flush": "1", "storage.path": filepath.Join(dir, "storage")},
		Inputs:  []rig.Options{input},
		Outputs: []rig.Options{{"name": "stdout", "match": "*", "format": "json_lines", "json_date_key": "false"}},
	})
	if err != nil {
		return nil, err
	}
	begun := false
	cmd.Stdout = &lines{each: func(line []byte) {
		d.tally.add(line)
		d.screen.record(line)
	}}
	cmd.Stderr = &lines{each: func(line []byte) {
		// Fluent Bit's banner comes before its log.
		if begun = begun || bytes.HasPrefix(line, []byte("[2")); begun {
			d.screen.log(line)
		}
	}}
	return rig.Start(cmd)
}

// lines cuts what is written to it into lines. One without an end is dropped.
type lines struct {
	each func(line []byte)
	rest []byte
}

func (l *lines) Write(b []byte) (int, error) {
	n := len(b)
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		l.rest = append(l.rest, line...)
		if !whole {
			return n, nil
		}
		l.each(l.rest)
		l.rest, b = l.rest[:0], rest
	}
}
