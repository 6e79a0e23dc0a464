// Writes openapi.yaml and openapi-admin.yaml.
import { writeFile } from 'node:fs/promises'
import { type AdminDoors, adminOperationsOf, adminPrefix, operationsOf } from '#app.ts'
import type { Context } from '#context.ts'
import { writeAdminApi } from '#routes/admin/openapi.ts'
import { writeOpenApi } from '#routes/openapi.ts'

// Only the handlers of operations need a context, and none is called.
const ctx = {} as Context
const write = (name: string, text: string) => writeFile(new URL(`../${name}`, import.meta.url), text)

await write('openapi.yaml', writeOpenApi(operationsOf(ctx)))
await write('openapi-admin.yaml', writeAdminApi(adminOperationsOf(ctx, {} as AdminDoors), adminPrefix))
