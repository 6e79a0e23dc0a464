// Writes openapi.yaml.
import { writeFile } from 'node:fs/promises'
import { operationsOf } from '#app.ts'
import type { Context } from '#context.ts'
import { writeOpenApi } from '#routes/openapi.ts'

// Only the handlers of operations need a context, and none is called.
const operations = operationsOf({} as Context)
await writeFile(new URL('../openapi.yaml', import.meta.url), writeOpenApi(operations))
