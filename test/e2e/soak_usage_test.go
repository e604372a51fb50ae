package e2e

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// soakSample is what there was at one moment of a soak.
type soakSample struct {
	at          time.Duration
	process     int   // its id
	memory      int64 // resident, in bytes
	descriptors int
}

// soakInterval is from one sample to the next.
const soakInterval = 5 * time.Second

// leakShare is by how much the last quarter may have more than the second one.
const leakShare = 0.2

const soakColumns = "a line a minute: memory resident in MB and descriptors (largest, last), state file in kB, records delivered, outstanding (lost if it ended here), repeated kB"

// watchUntil takes samples until the soak is so old. It fails the test when the
// process has ended by itself.
func (k *soak) watchUntil(age time.Duration) {
	k.t.Helper()
	for {
		left := age - time.Since(k.begun)
		if left <= 0 {
			return
		}
		nextSample := soakInterval * time.Duration(len(k.samples)+1)
		if wait := nextSample - time.Since(k.begun); wait > 0 {
			time.Sleep(min(left, wait))
			continue
		}
		k.sample()
	}
}

// sample measures the process. Once a minute it prints a line of the table.
func (k *soak) sample() {
	k.t.Helper()
	if !k.process.Running() {
		k.t.Fatalf("%s: ended by itself (%v), condition %q; %s", k.age(), k.process.State(), k.condition, k.process.LogTail())
	}
	memory, err := k.process.RSS()
	if err != nil {
		memory = 0 // not known here
	}
	descriptors, _ := k.process.Descriptors()
	k.samples = append(k.samples, soakSample{time.Since(k.begun), k.process.ID(), memory, descriptors})
	const perMinute = int(time.Minute / soakInterval)
	if len(k.samples)%perMinute != 0 {
		return
	}
	k.t.Log(k.line(k.samples[len(k.samples)-perMinute:]))
	if again, most := k.repeatedByPlugin(), k.mayRepeat(); again > most {
		k.t.Errorf("%s: the plugin has repeated %d bytes, at most %d are forgiven after %d kills", k.age(), again, most, k.kills)
	}
}

// line is a line of the table.
func (k *soak) line(minute []soakSample) string {
	k.t.Helper()
	r, last := k.report(), minute[len(minute)-1]
	var memory int64
	var descriptors int
	for _, s := range minute {
		memory, descriptors = max(memory, s.memory), max(descriptors, s.descriptors)
	}
	var state int64
	if file, err := os.Stat(k.inputs[0]["db"]); err == nil {
		state = file.Size()
	}
	return fmt.Sprintf("| %3.0f | %3d | %3d | %3d | %3d | %5d | %6d | %5d | %4d |", last.at.Minutes(), memory>>20, last.memory>>20,
		descriptors, last.descriptors, state>>10, r.Delivered, r.Lost, k.again>>10)
}

// quarters are the medians of a measure in the second and in the last quarter of a
// soak. They are of one process; ok is false if there were several, or hardly
// any samples.
func quarters(samples []soakSample, length time.Duration, measure func(soakSample) float64) (second, last float64, ok bool) {
	var of [4][]float64
	ids := map[int]bool{}
	for _, s := range samples {
		q := min(int(4*s.at/length), 3)
		of[q] = append(of[q], measure(s))
		if q > 0 {
			ids[s.process] = true
		}
	}
	if len(ids) != 1 || len(of[1]) < 5 || len(of[3]) < 5 {
		return 0, 0, false
	}
	return median(of[1]), median(of[3]), true
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func TestSoakQuarters(t *testing.T) {
	t.Parallel()
	const length = 400 * time.Second
	var samples []soakSample
	for at := 5 * time.Second; at <= length; at += 5 * time.Second {
		id := 1
		if at < length/4 {
			id = 2
		}
		samples = append(samples, soakSample{at: at, process: id, memory: int64(at / time.Second)})
	}
	memory := func(s soakSample) float64 { return float64(s.memory) }
	if second, last, ok := quarters(samples, length, memory); second != 150 || last != 350 || !ok {
		t.Errorf("%v, %v, %v", second, last, ok)
	}
	samples[60].process = 3
	if _, _, ok := quarters(samples, length, memory); ok {
		t.Error("two processes are compared")
	}
}
