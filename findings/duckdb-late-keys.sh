#!/bin/bash
# @duckdb/node-api 1.5.6-r.1 (npm), which is DuckDB 1.5.6.
#
# Expected: the documentation says that read_json samples at most 32 files
# (maximum_sample_files) to find the types. If a key appears only in a later
# file, every query should treat it alike: SELECT * fails with
# `has unknown key "OldValue"`, so one trusts that nothing is lost where there
# is no error.
#
# Seen: a query that names some of the columns, instead of all of them, has no
# error. It gives the record without the key. CREATE TABLE AS and COPY TO do the
# same, so a table or Parquet file made from an archive lacks the values for
# good. In JSON audit records the key is at the side of others in an array, and
# no count shows that it is missing.
#
#   all columns:   error: has unknown key "OldValue"
#   two columns:   {"Id":"40","Changes":[{"Name":"Role","NewValue":"Owner"}]}
#   union_by_name: {"Id":"40","Changes":[{"Name":"Role","NewValue":"Owner","OldValue":"Reader"}]}
#
# Way out: union_by_name = true or maximum_sample_files = -1, and sample_size = -1
# for long files, or columns = {...} with nested parts as JSON.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit @duckdb/node-api@1.5.6-r.1 >/dev/null

for i in $(seq 10 40); do
	echo '{"Id":"'"$i"'","Operation":"Add","Changes":[{"Name":"Role","NewValue":"Reader"}]}' >"a$i.ndjson"
	echo '{"Id":"b'"$i"'","Operation":"Add","Changes":[{"Name":"Role","NewValue":"Reader"}]}' >"a$i-2.ndjson"
done
echo '{"Id":"40","Operation":"Add","Changes":[{"Name":"Role","NewValue":"Owner","OldValue":"Reader"}]}' >a40.ndjson

cat >query.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api'
const db = await (await DuckDBInstance.create()).connect()
async function show(what, sql) {
  try {
    const rows = (await db.runAndReadAll(sql)).getRowObjectsJson()
    console.log(what + ': ' + rows.map(r => JSON.stringify(r)).join(' '))
  } catch (err) {
    console.log(what + ': error: ' + (/has unknown key.*/.exec(err.message) ?? [err.message])[0])
  }
}
await show('all columns', `SELECT * FROM read_json('a*.ndjson') WHERE Id = '40'`)
await show('two columns', `SELECT Id, Changes FROM read_json('a*.ndjson') WHERE Id = '40'`)
await db.run(`CREATE TABLE t AS SELECT Id, Changes FROM read_json('a*.ndjson')`)
await show('a table of them', `SELECT * FROM t WHERE Id = '40'`)
await show('union_by_name', `SELECT Id, Changes FROM read_json('a*.ndjson', union_by_name = true) WHERE Id = '40'`)
JS
got=$(node query.mjs)
echo "$got"
want='all columns: error: has unknown key "OldValue"
two columns: {"Id":"40","Changes":[{"Name":"Role","NewValue":"Owner"}]}
a table of them: {"Id":"40","Changes":[{"Name":"Role","NewValue":"Owner"}]}
union_by_name: {"Id":"40","Changes":[{"Name":"Role","NewValue":"Owner","OldValue":"Reader"}]}'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
