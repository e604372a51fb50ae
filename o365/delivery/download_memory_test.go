package delivery

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// While a large record is read, its text and its event have their room; when the
// download ends early, others have it.
func TestLargeRecordHasRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(Config{BatchSize: 1 << 20, QueueSize: 32 << 20, RecordMax: 4 << 20}, openMemory(t), "t", source.ContentType{})
		body, feed := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			ended <- s.Announce(source.Item{ContentType: "c", ID: "i"}, func() {}).Deliver(t.Context(), body)
		}()
		text := `[{"Id":"a","Text":"` + strings.Repeat("x", 1<<20)
		read := 0
		for _, size := range []int{100 << 10, 600 << 10, 1 << 20} {
			if _, err := io.WriteString(feed, text[read:size]); err != nil {
				t.Fatal(err)
			}
			read = size
			synctest.Wait()
			if room := s.queue.largeBytes; size > 256<<10 && room < 2*size || size <= 256<<10 && room > 0 {
				t.Errorf("room for %d bytes beside %d of text", room, size)
			}
		}
		feed.CloseWithError(errors.New("reset"))
		if err := <-ended; err == nil || s.queue.largeHolder != nil || s.queue.largeBytes != 0 {
			t.Errorf("after %v %d bytes are reserved for %v", err, s.queue.largeBytes, s.queue.largeHolder)
		}
		s.Close(time.Now().Add(time.Second))
	})
}

// The memory of a download is kept for the next one, unless it has become large.
func TestScratchStaysSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(Config{BatchSize: 1 << 20, QueueSize: 16 << 20, RecordMax: 1 << 20}, openMemory(t), "t", source.ContentType{})
		for n, size := range []int{10, 10, 250 << 10, 10} {
			body := `[{"Id":"a","Text":"` + strings.Repeat("x", 60<<10) + `"},{"Id":"b","Text":"` + strings.Repeat("x", size) + `"}]`
			if err := s.Announce(source.Item{ContentType: "c", ID: fmt.Sprint(n)}, func() {}).Deliver(t.Context(), strings.NewReader(body)); err != nil {
				t.Fatal(err)
			}
			kept := 1
			if size > 10 {
				kept = 0
			}
			for _, l := range s.queue.lanes {
				for _, b := range l.waiting {
					for _, p := range b.parts {
						if p.bytes > maxPartSize && p.records > 1 {
							t.Errorf("a part has %d bytes of %d records", p.bytes, p.records)
						}
					}
				}
			}
			if len(s.idle) != kept || kept > 0 && cap(s.idle[0].events) > maxScratchEvents {
				t.Errorf("after %d bytes %d are kept", size, len(s.idle))
			}
			s.take()
		}
		s.Close(time.Now().Add(time.Second))
	})
}
