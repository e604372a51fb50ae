-- Times are Unix seconds. A checksum is the CRC-32C of its row and its
-- stream's names; a row that does not match makes the file count as damaged.

CREATE TABLE streams (
	id           INTEGER PRIMARY KEY,
	tenant       TEXT NOT NULL,
	content_type TEXT NOT NULL
);

-- Clustered by the time rows are deleted at, so that whole pages become free.
CREATE TABLE blobs (
	keep_until INTEGER NOT NULL,
	stream     INTEGER NOT NULL,
	content_id TEXT    NOT NULL,
	created    INTEGER NOT NULL,
	records    INTEGER NOT NULL, -- elements confirmed, from the blob's start
	done       INTEGER NOT NULL, -- 1: the whole blob
	checksum   INTEGER NOT NULL,
	PRIMARY KEY (keep_until, stream, content_id)
) WITHOUT ROWID;

-- Record keys as schema 1 had them, of their Id alone. They are read, and deleted
-- when they have expired; store_sqlite_schema2.sql has the table for new ones.
CREATE TABLE record_keys (
	id        INTEGER PRIMARY KEY,
	confirmed INTEGER NOT NULL,
	keys      BLOB    NOT NULL,
	checksum  INTEGER NOT NULL
);

-- From when on each stream is collected.
CREATE TABLE since (
	stream   INTEGER PRIMARY KEY,
	start    INTEGER NOT NULL,
	checksum INTEGER NOT NULL
);

-- Spans of contentCreated in which everything listed is delivered: [start, stop).
CREATE TABLE spans (
	stream   INTEGER NOT NULL,
	start    INTEGER NOT NULL,
	stop     INTEGER NOT NULL,
	checksum INTEGER NOT NULL,
	PRIMARY KEY (stream, start)
) WITHOUT ROWID;

-- Spans in which something is lost: the source does not offer it any more.
CREATE TABLE gaps (
	id       INTEGER PRIMARY KEY,
	stream   INTEGER NOT NULL,
	start    INTEGER NOT NULL,
	stop     INTEGER NOT NULL,
	reason   TEXT    NOT NULL,
	found    INTEGER NOT NULL,
	checksum INTEGER NOT NULL
);

-- For people.

CREATE VIEW delivered AS
	SELECT tenant, content_type, content_id, datetime(created, 'unixepoch') AS created,
		records, done, datetime(keep_until, 'unixepoch') AS keep_until
	FROM blobs JOIN streams ON streams.id = stream;

CREATE VIEW complete AS
	SELECT tenant, content_type, datetime(start, 'unixepoch') AS start, datetime(stop, 'unixepoch') AS stop
	FROM spans JOIN streams ON streams.id = stream;

CREATE VIEW missing AS
	SELECT tenant, content_type, datetime(start, 'unixepoch') AS start, datetime(stop, 'unixepoch') AS stop,
		reason, datetime(found, 'unixepoch') AS found
	FROM gaps JOIN streams ON streams.id = stream;
