// Writes openapi.yaml and openapi-admin.yaml.
import { writeFile } from 'node:fs/promises'
import type { Context } from '#context.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import { describeAdminApi } from '#routes/admin/openapi.ts'
import { type AdminServices, adminOperationsOf } from '#routes/admin/operations.ts'
import { describeApi } from '#routes/openapi/platform.ts'
import { operationsOf } from '#routes/operations.ts'
import { toYaml } from './openapi-yaml.ts'

// Only the handlers of operations need a context, and none is called.
const ctx = {} as Context
const write = (name: string, text: string) => writeFile(new URL(`../${name}`, import.meta.url), text)

await write('openapi.yaml', toYaml(describeApi(operationsOf(ctx))))
await write(
  'openapi-admin.yaml',
  toYaml(describeAdminApi(adminOperationsOf(ctx, {} as AdminServices), adminPrefix)),
)
