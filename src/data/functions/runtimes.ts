// Runtimes: the environments in which an application's functions run.
import { bytea, type Columns, columnsOf, int4, int8, jsonb, nullable, select, text } from '#data/columns.ts'
import { type Querier, reading, type Tx } from '#data/database.ts'
import type { RuntimeDependency } from '#resources/runtime.ts'

export interface RuntimeRecord {
  id: number
  /** The customer's own dependencies. */
  dependencies: RuntimeDependency[]
  /** Encrypted. */
  environment: Uint8Array | null
  initializationScript: string | null
  /** Incremented by each change. */
  revision: number
}

export const runtimeShape = {
  id: int8,
  dependencies: jsonb<RuntimeDependency[]>(),
  environment: nullable(bytea),
  initializationScript: nullable(text),
  revision: int4,
}
const runtimeColumns: Columns<RuntimeRecord> = select(columnsOf(runtimeShape, 'r'))

const findRuntimeStatement = reading(
  'find-runtime',
  runtimeColumns,
  (columns) => `select ${columns} from runtime r where r.application_id = $1 and r.type = 'NODEJS'`,
)

export function findRuntime(db: Querier, applicationId: number): Promise<RuntimeRecord | undefined> {
  return db.one(findRuntimeStatement, [applicationId])
}

/** Returns whether the runtime was created. Concurrent calls wait until one of them has created it. */
export async function insertRuntime(tx: Tx, applicationId: number): Promise<boolean> {
  return (await tx.run(insertRuntimeStatement, [applicationId])) > 0
}

const insertRuntimeStatement = {
  name: 'insert-runtime',
  text: 'insert into runtime (application_id) values ($1) on conflict do nothing',
}

export interface RuntimeChanges {
  dependencies?: RuntimeDependency[]
  environment?: Uint8Array<ArrayBuffer>
  initializationScript?: string | null
}

/** @returns the new runtime, or undefined if it was deleted with its application */
export function updateRuntime(
  tx: Tx,
  applicationId: number,
  { dependencies, environment, initializationScript }: RuntimeChanges,
): Promise<RuntimeRecord | undefined> {
  return tx.one(updateRuntimeStatement, [
    applicationId,
    dependencies && JSON.stringify(dependencies),
    environment,
    initializationScript !== undefined,
    initializationScript,
  ])
}

const updateRuntimeStatement = reading(
  'update-runtime',
  runtimeColumns,
  (columns) => `
    update runtime r set
      dependencies = coalesce($2::jsonb, r.dependencies), environment = coalesce($3, r.environment),
      initialization_script = case when $4 then $5 else r.initialization_script end, revision = r.revision + 1
    where r.application_id = $1 and r.type = 'NODEJS' returning ${columns}`,
)
