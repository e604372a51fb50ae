#!/bin/bash
# msgpackr 2.1.4 (npm), compared with @msgpack/msgpack 3.1.3.
#
# Expected: Fluent Bit and Fluentd write the time of an event as extension type
# 0, as the forward protocol says. MessagePack leaves types 0 to 127 to
# applications, and msgpackr's README gives 1 to 100 to its users. A type that a
# decoder has not been told about is an error; for type 1 it is ("Unknown
# extension type 1").
#
# Seen: for type 0 msgpackr has a meaning of its own, undefined, and drops the
# eight bytes. Every event is then without its time, and nothing fails: JSON
# makes null of it, and a database fills in the time of arrival.
#
#   msgpackr, type 0: [undefined,{"Id":"x"}]
#   @msgpack/msgpack: extension 0, 6929ad8b1dcd6500
#
# Way out: addExtension({type: 0, unpack}) before the first decode. That works,
# although 0 is not among the numbers in the README.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit --ignore-scripts msgpackr@2.1.4 @msgpack/msgpack@3.1.3 >/dev/null

cat >decode.mjs <<'JS'
import { addExtension, unpack } from 'msgpackr'
import { decode } from '@msgpack/msgpack'
// [time as seconds and nanoseconds, {"Id": "x"}]
const event = type => Buffer.from('92d7' + type + '6929ad8b1dcd6500' + '81a24964a178', 'hex')
const show = ([time, record]) => `[${time},${JSON.stringify(record)}]`
console.log('msgpackr, type 0: ' + show(unpack(event('00'))))
try {
  console.log('msgpackr, type 1: ' + show(unpack(event('01'))))
} catch (err) {
  console.log('msgpackr, type 1: error: ' + err.message)
}
const { type, data } = decode(event('00'))[0]
console.log(`@msgpack/msgpack: extension ${type}, ${Buffer.from(data).toString('hex')}`)
addExtension({ type: 0, unpack: bytes => Buffer.from(bytes).readUInt32BE(0) })
console.log('addExtension: ' + show(unpack(event('00'))))
JS
got=$(node decode.mjs)
echo "$got"
want='msgpackr, type 0: [undefined,{"Id":"x"}]
msgpackr, type 1: error: Unknown extension type 1
@msgpack/msgpack: extension 0, 6929ad8b1dcd6500
addExtension: [1764339083,{"Id":"x"}]'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
