package main

import "slices"

func (u usage) seconds() float64     { return u.wall.Seconds() }
func (u usage) cpuSeconds() float64  { return u.cpu.Seconds() }
func (u usage) hostSeconds() float64 { return u.host.Seconds() }
func (u usage) megabytes() float64   { return float64(u.peak) / megabyte }

// median is that of a figure of all runs.
func (r row) median(of func(usage) float64) float64 { return median(r.runs, of) }

// growth is how many MB larger the host is with something to collect.
func (r row) growth() float64 { return r.median(usage.megabytes) - float64(r.idle)/megabyte }

func median[T any](all []T, of func(T) float64) float64 {
	var values []float64
	for _, v := range all {
		values = append(values, of(v))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// What ratios are made of: a figure of a run, given what the host takes when idle.
func seconds(u usage, _ int64) float64    { return u.seconds() }
func cpuSeconds(u usage, _ int64) float64 { return u.cpuSeconds() }
func ownSeconds(u usage, _ int64) float64 { return u.cpuSeconds() - u.hostSeconds() }
func growth(u usage, idle int64) float64  { return float64(u.peak - idle) }

// ratio is the median of a's to b's figures in runs that followed each other.
func ratio(a, b row, of func(u usage, idle int64) float64) float64 {
	turns := make([]int, len(a.runs))
	for i := range turns {
		turns[i] = i
	}
	return median(turns, func(i int) float64 { return of(a.runs[i], a.idle) / of(b.runs[i], b.idle) })
}
