#!/bin/bash
# @opentelemetry/otlp-transformer and sdk-logs 0.223.1 (npm), read by
# go.opentelemetry.io/collector/pdata v1.71.0 (Go), the Collector's own decoder.
#
# Expected: an attribute may be any number of JavaScript. OTLP over HTTP with JSON
# is what exporter-logs-otlp-http sends, and OTLP refers to Protobuf's mapping to
# JSON: 64-bit integers as strings or numbers, and NaN as the string "NaN".
#
# Seen: what Number.isInteger says is an integer is sent as intValue, 1e19 too, which
# no 64-bit integer holds, and NaN and Infinity as null. The Collector refuses the
# whole request, and 400 is an answer that exporters do not retry: one number in one
# record loses the batch, 512 records by default. The same records in Protobuf
# arrive.
#
#   JSON, 1e19: refused: ReadInt64: overflow
#   JSON, NaN:  refused: ReadUint64: unsupported value type
#   Protobuf:   2 records
#
# Way out: the exporters named -proto; large numbers as text.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-fund --no-audit --ignore-scripts @opentelemetry/otlp-transformer@0.223.1 @opentelemetry/sdk-logs@0.223.1 \
	@opentelemetry/api-logs@0.223.1 @opentelemetry/api@1.9.0 >/dev/null

cat >write.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
for (const [name, value] of Object.entries({ '12.5': 12.5, '1e19': 1e19, 'NaN': NaN })) {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  const logger = provider.getLogger('audit')
  logger.emit({ body: 'first', attributes: { size: 1 } })
  logger.emit({ body: 'second', attributes: { size: value } })
  await provider.forceFlush()
  const records = exporter.getFinishedLogRecords()
  writeFileSync(name + '.json', JsonLogsSerializer.serializeRequest(records))
  writeFileSync(name + '.pb', ProtobufLogsSerializer.serializeRequest(records))
}
JS
node write.mjs

go mod init finding 2>/dev/null
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
)

func main() {
	for _, name := range []string{"12.5", "1e19", "NaN"} {
		for _, kind := range []string{"json", "pb"} {
			body, err := os.ReadFile(name + "." + kind)
			if err != nil {
				panic(err)
			}
			request := plogotlp.NewExportRequest()
			if kind == "json" {
				err = request.UnmarshalJSON(body)
			} else {
				err = request.UnmarshalProto(body)
			}
			if err != nil {
				why, _, _ := strings.Cut(err.Error(), ", error found")
				fmt.Printf("%s, %s: refused: %s\n", name, kind, why)
				continue
			}
			fmt.Printf("%s, %s: %d records\n", name, kind, request.Logs().LogRecordCount())
		}
	}
}
GO
go get go.opentelemetry.io/collector/pdata@v1.71.0 2>go.log || { cat go.log >&2; exit 1; }
go mod tidy 2>go.log || { cat go.log >&2; exit 1; }
got=$(go run .)
echo "$got"
want='12.5, json: 2 records
12.5, pb: 2 records
1e19, json: refused: ReadInt64: overflow: 10000000000000000000
1e19, pb: 2 records
NaN, json: refused: ReadUint64: unsupported value type
NaN, pb: 2 records'
[ "$got" = "$want" ] || { echo 'This has changed.' >&2; exit 1; }
