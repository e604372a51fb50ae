-- What schema 2 adds.

-- The record keys of one transaction, 16 bytes each: 8 for the tenant and the
-- Id, 8 for the content. ids go on behind those of record_keys.
CREATE TABLE keys (
	id        INTEGER PRIMARY KEY,
	confirmed INTEGER NOT NULL,
	keys      BLOB    NOT NULL,
	checksum  INTEGER NOT NULL
);
