package delivery

import "context"

// Two things are large, and each has its turn: events that are more than a batch,
// when they are added, and a record that takes more memory than a download has
// reserved, while it is read.

// isLarge reports whether events are more than a batch. They are a batch of their own,
// which keeps them instead of a copy.
func (q *queue) isLarge(events []byte) bool { return len(events) > q.batchSize }

// awaitLarge waits until there is room for large events. Meanwhile other events are not
// added: they would take the room whenever there is some.
func (q *queue) awaitLarge(ctx context.Context, bytes int) error {
	q.largeAdders++
	defer func() {
		if q.largeAdders--; q.largeAdders == 0 {
			q.wake()
		}
	}()
	return q.await(ctx, func() bool { return q.fits(bytes) })
}

// reserveLarge counts the memory of a large record, in bytes, until releaseLarge. There
// is one holder at a time: others wait. The holder may call it again with another
// size. Between the two it must wait for nothing but the queue and the service. The
// error is ctx's.
func (q *queue) reserveLarge(ctx context.Context, holder any, bytes int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.largeHolder != holder {
		if err := q.await(ctx, func() bool { return q.largeHolder == nil }); err != nil {
			return err
		}
	}
	q.largeHolder, q.largeBytes = holder, bytes
	return nil
}

// releaseLarge ends reserveLarge. It does nothing for others than the holder.
func (q *queue) releaseLarge(holder any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.largeHolder == holder {
		q.largeHolder, q.largeBytes = nil, 0
		q.wake()
	}
}
