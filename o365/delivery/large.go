package delivery

import "context"

// enlarge counts the memory of a record that is larger than what reserve is meant
// for, in bytes, until restore. There is one at a time: others wait. Its holder may
// call it again with another size. Between it and restore nothing may be waited for
// but the queue and the service.
func (q *queue) enlarge(ctx context.Context, holder any, bytes int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holder != holder {
		if err := q.await(ctx, func() bool { return q.holder == nil }); err != nil {
			return err
		}
	}
	q.holder, q.enlarged = holder, bytes
	return nil
}

// restore ends what enlarge began, if the holder has it.
func (q *queue) restore(holder any) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.holder == holder {
		q.holder, q.enlarged = nil, 0
		q.wake()
	}
}
