package main

import (
	"context"
	"fmt"
	"os"
)

// meter measures candidates.
type meter struct {
	runner
	candidates []candidate
	runs       int     // of each
	resident   []int64 // bytes that each takes without anything to collect
}

// weigh measures what the candidates take without anything to collect.
func (m *meter) weigh(ctx context.Context) error {
	empty, err := startLoad(ctx, m.dir, 0, 0)
	if err != nil {
		return err
	}
	defer empty.stop()
	for _, c := range m.candidates {
		idle, err := m.idle(ctx, empty, c)
		if err != nil {
			return err
		}
		m.resident = append(m.resident, idle)
	}
	return nil
}

// measure lets all candidates collect what startLoad serves.
func (m *meter) measure(ctx context.Context, blobs, records int, flags ...string) (table, error) {
	l, err := startLoad(ctx, m.dir, blobs, records, flags...)
	if err != nil {
		return table{}, err
	}
	defer l.stop()
	t := table{load: l.size}
	for i, c := range m.candidates {
		t.rows = append(t.rows, row{name: c.name, rivals: c.rivals, idle: m.resident[i]})
	}
	// In turns, so that a busy machine is the same for all.
	for range m.runs {
		for i, c := range m.candidates {
			u, err := m.collect(ctx, l, c)
			if err != nil {
				return table{}, err
			}
			fmt.Fprintf(os.Stderr, "%s: %.1f s of CPU time in %.1f s\n", c.name, u.cpu.Seconds(), u.wall.Seconds())
			t.rows[i].runs = append(t.rows[i].runs, u)
		}
	}
	return t, nil
}

// measureShapes is measure for loads of so many MB.
func (m *meter) measureShapes(ctx context.Context, shapes []shape, megabytes int) (tables []table, err error) {
	for _, s := range shapes {
		fmt.Fprintf(os.Stderr, "%s\n", s.name)
		t, err := m.measure(ctx, s.blobs(megabytes), s.records, s.arguments()...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}
