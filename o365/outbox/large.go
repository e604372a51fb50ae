package outbox

import "context"

// Enlarge counts the memory of a record that is larger than what Reserve is meant
// for, in bytes, until Restore. There is one at a time: others wait. Its holder may
// call it again with another size. Between it and Restore nothing may be waited for
// but the outbox and the service.
func (o *Outbox[R]) Enlarge(ctx context.Context, holder any, bytes int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.holder != holder {
		if err := o.await(ctx, func() bool { return o.holder == nil }); err != nil {
			return err
		}
	}
	o.holder, o.enlarged = holder, bytes
	return nil
}

// Restore ends what Enlarge began, if the holder has it.
func (o *Outbox[R]) Restore(holder any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.holder == holder {
		o.holder, o.enlarged = nil, 0
		o.wake()
	}
}
