#!/bin/bash
# @duckdb/node-api 1.5.6-r.1 (npm), which is DuckDB 1.5.6.
#
# Expected: read_json takes the type of a column from the first 20,480 objects
# (sample_size), so the documentation says. A value that does not fit the type
# is an error, as text in a column of numbers is ("failed to cast").
#
# Seen: a number with a fraction that comes later is rounded without an error,
# and sums are wrong by what the fractions come to. True becomes 1. In a column
# of times of day, a full time loses its date.
#
#   25,000 times 10, then 5,000 times 12.5: sum 310000, right is 312500
#   true in a column of numbers: 1
#   "2026-11-28T23:11:12" in a column of times of day: 23:11:12
#
# Way out: sample_size = -1, which reads everything twice, or columns = {...}.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit @duckdb/node-api@1.5.6-r.1 >/dev/null

cat >query.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
const db = await (await DuckDBInstance.create()).connect()
const lines = f => Array.from({ length: 30000 }, (_, i) => JSON.stringify(f(i < 25000)) + '\n').join('')
writeFileSync('fraction.ndjson', lines(first => ({ v: first ? 10 : 12.5 })))
writeFileSync('bool.ndjson', lines(first => ({ v: first ? 10 : true })))
writeFileSync('time.ndjson', lines(first => ({ v: first ? '10:00:00' : '2026-11-28T23:11:12' })))
writeFileSync('text.ndjson', lines(first => ({ v: first ? 10 : 'ten' })))
async function show(what, sql) {
  try {
    const rows = (await db.runAndReadAll(sql)).getRowsJson()
    console.log(what + ': ' + rows.join(' '))
  } catch (err) {
    console.log(what + ': error')
  }
}
await show('sum', `SELECT sum(v)::BIGINT FROM 'fraction.ndjson'`)
await show('right', `SELECT sum(v)::BIGINT FROM read_json('fraction.ndjson', sample_size = -1)`)
await show('booleans', `SELECT DISTINCT v FROM 'bool.ndjson' ORDER BY v`)
await show('times', `SELECT DISTINCT v FROM 'time.ndjson' ORDER BY v`)
await show('text', `SELECT sum(v) FROM 'text.ndjson'`)
JS
got=$(node query.mjs)
echo "$got"
want='sum: 310000
right: 312500
booleans: 1 10
times: 10:00:00 23:11:12
text: error'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
