#!/bin/bash
# fflate 0.8.3 (npm), compared with pako 3.0.3 and Node's own zlib.
#
# Expected: a gzip file may have several members, one behind the other (RFC 1952,
# 2.2); so have logs that grow, and what `cat a.gz b.gz` makes. fflate's README
# says that it decompresses what other tools have compressed, and its change log
# that its streams read files with several members.
#
# Seen: only the streams do. gunzipSync and decompressSync return the first member,
# cut to the length that the last member has, without an error. What is left looks
# whole: with lines of equal length it ends in a newline.
#
#   members of 1,000, 10 and 2,000 lines: 1000 of 3010 lines
#   members of 1,000 and 10 lines:        10 of 1010 lines
#
# Way out: new Gunzip(chunk => ...), or another package.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit fflate@0.8.3 pako@3.0.3 >/dev/null

cat >gunzip.mjs <<'JS'
import zlib from 'node:zlib'
import { Gunzip, decompressSync, gunzipSync } from 'fflate'
import { ungzip } from 'pako'
function byStream(data) {
  const parts = []
  new Gunzip(part => parts.push(part)).push(data, true)
  return Buffer.concat(parts)
}
const ways = { 'zlib': zlib.gunzipSync, 'pako': ungzip, 'fflate Gunzip': byStream, 'fflate gunzipSync': gunzipSync, 'fflate decompressSync': decompressSync }
for (const sizes of [[1000, 10, 2000], [1000, 10]]) {
  const file = Buffer.concat(sizes.map(n => zlib.gzipSync('{"Id":"x"}\n'.repeat(n))))
  const all = sizes.reduce((a, b) => a + b)
  for (const [name, gunzip] of Object.entries(ways)) {
    const lines = Buffer.from(gunzip(file)).toString().split('\n').length - 1
    console.log(`${sizes.join(' + ')} lines, ${name}: ${lines} of ${all}`)
  }
}
JS
got=$(node gunzip.mjs)
echo "$got"
want='1000 + 10 + 2000 lines, zlib: 3010 of 3010
1000 + 10 + 2000 lines, pako: 3010 of 3010
1000 + 10 + 2000 lines, fflate Gunzip: 3010 of 3010
1000 + 10 + 2000 lines, fflate gunzipSync: 1000 of 3010
1000 + 10 + 2000 lines, fflate decompressSync: 1000 of 3010
1000 + 10 lines, zlib: 1010 of 1010
1000 + 10 lines, pako: 1010 of 1010
1000 + 10 lines, fflate Gunzip: 1010 of 1010
1000 + 10 lines, fflate gunzipSync: 10 of 1010
1000 + 10 lines, fflate decompressSync: 10 of 1010'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
