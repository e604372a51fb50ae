package ledger

// memoryStore is the store of a ledger without a state file. It keeps nothing: the
// ledger's own state is all there is, and every start begins with an empty one.
// No two of them share a place.
type memoryStore struct{}

func (memoryStore) load(opt Options, retention retentions) (state, error) {
	return newState(opt, retention), nil
}

func (memoryStore) commit(transaction) error { return nil }
func (memoryStore) close() error             { return nil }
