package ledger

import "errors"

// store keeps the state of one ledger from one start to the next: [sqliteStore]
// in a file, [memoryStore] nowhere. A state is what its transactions have made of
// it, in their order.
//
// A store makes transactions durable and nothing else: every question is answered
// from the ledger's own state in memory, and only load reads a store. Making a store
// does no I/O. Its methods are called by one goroutine at a time, load first and
// close last.
//
// TestStores holds every store to what follows; memoryStore alone is not durable.
//
// # Ownership
//
// Several stores, of any process, may be made over the same place: a file, or an
// object in a storage account. One of them owns it. A store takes the place in
// load, and gives it up in close; when its process is killed the place is free at
// once, or after a time that the store documents (a lease).
//
// A store that does not own the place never changes it: either its load fails
// with [ErrLocked], because another store owns the place, or its commit does,
// because another store has taken the place since (a lost compare-and-swap). After
// that, commit goes on to fail with ErrLocked until the same store, or another one,
// is loaded: the ledger's state is outdated, and load returns what the other owner
// made of it.
//
// # Atomicity, and what a crash leaves
//
// A transaction is stored whole or not at all, and is durable when commit has
// returned nil: on the disk, not in a cache of the operating system. After a kill
// or a loss of power, load returns every transaction that was committed, perhaps
// the one that was under way, whole, and no part of it. No repair by people is
// needed.
//
// Deletions may lag: a transaction names what is not needed any more
// (keyRowsFrom, expiredAt, gapsFrom), and a store deletes as much of it with every
// commit as keeps that short, later transactions the rest. What load returns may
// have some of it. Beside these a store deletes the gaps
// that a transaction removes, at once, and the oldest ones beyond maxGaps.
//
// # Errors
//
//   - nil: it is durable.
//   - ErrLocked: see Ownership. Nothing was stored.
//   - Any other error is about the place: a full disk, no access, no connection.
//     Nothing was stored, as far as the store knows; an answer that got lost may
//     hide that all of it was. The same transaction, or a larger one with the
//     same in it, may be committed again at any time, and is stored once even
//     then. The text names the place, and what to do where that is known.
//
// Damage is no error: content that cannot be right is set aside for people to
// inspect, logged in one line, and the store goes on with an empty place, within
// the same call. After such a load the state is empty, except for since, as far as
// it could be read: records may be delivered again, but what is older than
// lookback is still listed. After such a commit the place holds since and that
// transaction; the ledger's state has more until the process ends. A store whose
// place vanishes while it is in use does the same. It does so once: content that
// is damaged again is an error.
//
// # Retries and time
//
// A store may repeat within a call what is likely to succeed in a moment, such as
// a lock of somebody who reads the file. load and commit return within a bounded
// time of their own; there is no context. commit takes seconds at most: it is
// called again a second after an error, and a stop of Fluent Bit waits for it for
// less than a second, then leaves it to itself.
type store interface {
	// load takes the place, makes it if it is new, and returns the state in it,
	// as newState(opt, retention) with all transactions applied. After an error
	// the place is not owned, and load may be called again.
	load(opt Options, retention retentions) (state, error)

	// commit stores a transaction. It neither keeps nor changes it. One that is
	// empty costs nothing.
	commit(tx transaction) error

	// close gives up the place, if it is owned. It stores nothing: what was
	// committed is durable already.
	close() error
}

// ErrLocked says that another process, or another instance in this one, owns the
// state of the ledger. [Open] returns it at once. A ledger whose change fails with
// it has lost the state to another owner: it is to be closed, and opened again.
var ErrLocked = errors.New("in use by another process or instance")

// ErrClosed is returned by every change after Close.
var ErrClosed = errors.New("ledger is closed")

// closedStore is the store of a ledger after Close.
type closedStore struct{}

func (closedStore) load(Options, retentions) (state, error) { return state{}, ErrClosed }
func (closedStore) commit(transaction) error                { return ErrClosed }
func (closedStore) close() error                            { return nil }
