package picture

import (
	"math"
	"strconv"
	"time"
)

// units are the ones of Grafana that can be written, by their ids.
var units = map[string]func(v float64) string{
	"":            short,
	"none":        short,
	"short":       short,
	"s":           duration,
	"bytes":       func(v float64) string { return prefixed(v, 1024, " B", " KiB", " MiB", " GiB", " TiB") },
	"Bps":         func(v float64) string { return prefixed(v, 1000, " B/s", " kB/s", " MB/s", " GB/s") },
	"recps":       func(v float64) string { return short(v) + " rec/s" },
	"reqpm":       func(v float64) string { return short(v) + " req/min" },
	"percentunit": func(v float64) string { return number(v*100) + "%" },
}

func short(v float64) string { return prefixed(v, 1000, "", " K", " Mil", " Bil") }

func prefixed(v, base float64, suffixes ...string) string {
	i := 0
	for i+1 < len(suffixes) && math.Abs(v) >= base {
		v /= base
		i++
	}
	return number(v) + suffixes[i]
}

// number has three digits, or as many as there are before the point.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func duration(v float64) string {
	switch s := math.Abs(v); {
	case s == 0:
		return "0 s"
	case s < 1:
		return number(v*1000) + " ms"
	case s < 60:
		return number(v) + " s"
	case s < 3600:
		return number(v/60) + " min"
	case s < 2*86400:
		return number(v/3600) + " h"
	}
	return number(v/86400) + " days"
}

// ticks returns round values from low to a round one that is at least high,
// about n of them. Seconds get steps of minutes, hours and days.
func ticks(unit string, low, high float64, n int) []float64 {
	step := nice((high-low)/float64(n), unit)
	var all []float64
	for v := math.Floor(low/step) * step; ; v += step {
		all = append(all, v)
		if v >= high-step*1e-9 {
			return all
		}
	}
}

// nice is the first round step of at least least.
func nice(least float64, unit string) float64 {
	if least <= 0 {
		return 1
	}
	if unit == "s" && least > 10 {
		for _, s := range []float64{15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, 86400} {
			if s >= least {
				return s
			}
		}
		return 86400 * nice(least/86400, "")
	}
	base := 10.0
	if unit == "bytes" && least >= 1024 {
		magnitude := math.Pow(1024, math.Floor(math.Log(least)/math.Log(1024)))
		return magnitude * nice(least/magnitude, "")
	}
	magnitude := math.Pow(base, math.Floor(math.Log10(least)))
	for _, f := range []float64{1, 2, 2.5, 5, 10} {
		if f*magnitude >= least*(1-1e-9) {
			return f * magnitude
		}
	}
	return base * magnitude
}

// timeTicks returns round moments in a span, at most n of them.
func timeTicks(from, to time.Time, n int) []time.Time {
	step := time.Duration(nice(to.Sub(from).Seconds()/float64(n), "s") * float64(time.Second))
	var all []time.Time
	for t := from.Truncate(step); !t.After(to); t = t.Add(step) {
		if !t.Before(from) {
			all = append(all, t)
		}
	}
	return all
}
