// Runs the SQL that it reads and prints the rows, one JSON object a line.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.argv[2] + '/'))
const { DuckDBInstance } = require('@duckdb/node-api')
const db = await (await DuckDBInstance.create()).connect()
const rows = (await db.runAndReadAll(readFileSync(0, 'utf8'))).getRowObjectsJson()
for (const row of rows) console.log(JSON.stringify(row))
