import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { type RuntimeRecord, updateRuntime } from '#data/functions/runtimes.ts'
import type { Environment } from '#domain/functions/runtime/environment.ts'
import { sealEnvironment } from '#domain/functions/runtime/seal-environment.ts'
import { mustExist } from '#errors.ts'

export async function saveEnvironment(
  ctx: Context,
  tx: Tx,
  applicationId: number,
  environment: Environment,
): Promise<RuntimeRecord> {
  const sealed = await sealEnvironment(ctx, applicationId, environment)
  const record = await updateRuntime(tx, applicationId, { environment: sealed })
  return mustExist(record, 'runtime of application', applicationId)
}
