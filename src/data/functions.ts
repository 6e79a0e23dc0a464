// Runtimes, functions, their versions and invocations.
import type { Db, Row, Tx } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type {
  ChatFunction,
  CreateFunction,
  FunctionInvocation,
  FunctionType,
  FunctionVersion,
} from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { type RuntimeDependency, runtimeVersion } from '#resources/runtime.ts'

const { sql } = Prisma

export interface RuntimeRecord {
  id: number
  /** The customer's own. */
  dependencies: RuntimeDependency[]
  /** Sealed. */
  environment: Uint8Array | null
  initializationScript: string | null
  /** Another one after each change. */
  revision: number
}

const runtimeFields = {
  id: true,
  dependencies: true,
  environment: true,
  initializationScript: true,
  revision: true,
} as const
const runtimeOf = (applicationId: number) => ({
  applicationId_type: { applicationId: BigInt(applicationId), type: 'NODEJS' as const },
})

export async function findRuntime(db: Db, applicationId: number): Promise<RuntimeRecord | null> {
  const row = await db.prisma.runtime.findUnique({ where: runtimeOf(applicationId), select: runtimeFields })
  return row && toRuntimeRecord(row)
}

function toRuntimeRecord(row: {
  id: bigint
  dependencies: Prisma.JsonValue
  environment: Uint8Array | null
  initializationScript: string | null
  revision: number
}): RuntimeRecord {
  return {
    ...row,
    id: Number(row.id),
    dependencies: row.dependencies as unknown as RuntimeDependency[],
  }
}

/** Whether it was there not yet; of several at once, one creates it and the others wait for that. */
export async function insertRuntime(tx: Tx, applicationId: number): Promise<boolean> {
  const { count } = await tx.prisma.runtime.createMany({
    data: { applicationId: BigInt(applicationId) },
    skipDuplicates: true,
  })
  return count === 1
}

export interface RuntimeChanges {
  dependencies?: RuntimeDependency[]
  environment?: Uint8Array<ArrayBuffer>
  initializationScript?: string | null
}

export async function updateRuntime(
  tx: Tx,
  applicationId: number,
  { dependencies, ...changes }: RuntimeChanges,
): Promise<RuntimeRecord> {
  const row = await tx.prisma.runtime.update({
    where: runtimeOf(applicationId),
    data: {
      ...changes,
      ...(dependencies && { dependencies: dependencies as unknown as Prisma.JsonArray }),
      revision: { increment: 1 },
    },
    select: runtimeFields,
  })
  return toRuntimeRecord(row)
}

// --------------------------------------------------------------------------------------- functions

const functionColumns =
  'f.id, f.type, f.runtime_id, f.name, f.description, f.enabled, f.current_version_number'

function toFunction(row: Row): ChatFunction {
  return {
    id: row[0] as number,
    type: row[1] as ChatFunction['type'],
    runtime: { id: row[2] as number, type: 'NODEJS', version: runtimeVersion },
    name: row[3] as string,
    ...(row[4] !== null && { description: row[4] as string }),
    enabled: row[5] as boolean,
    currentVersionNumber: row[6] as number,
  }
}

const insertFunctionStatement = {
  text: `
    insert into "function" as f (application_id, runtime_id, type, name, description, initialize_asynchronously)
    values ($1, $2, $3, $4, $5, $6) returning ${functionColumns}`,
}

export async function insertFunction(
  db: Db,
  applicationId: number,
  runtimeId: number,
  { type, name, description, initializeAsynchronously }: CreateFunction,
): Promise<ChatFunction> {
  const values = [applicationId, runtimeId, type, name, description || null, initializeAsynchronously]
  const [row] = await db.query(insertFunctionStatement, values)
  return toFunction(row as Row) // an insert that did not throw returns its row
}

const findFunctionStatement = {
  text: `select ${functionColumns} from "function" f where f.id = $2 and f.application_id = $1`,
}

export async function findFunction(
  db: Db,
  applicationId: number,
  id: number,
): Promise<ChatFunction | undefined> {
  const [row] = await db.query(findFunctionStatement, [applicationId, id])
  return row && toFunction(row)
}

/** Functions of an application, oldest first. */
export function listFunctions(db: Db, applicationId: number, page: PageRequest): Promise<Page<ChatFunction>> {
  return listPage(
    db,
    {
      resource: 'function',
      from: sql`function f`,
      id: 'f.id',
      where: [sql`f.application_id = ${applicationId}::bigint`],
      sortable: {
        id: 'f.id',
        name: 'lower(f.name)',
        type: 'f.type',
        enabled: 'f.enabled',
        currentVersionNumber: 'f.current_version_number',
        createdTime: 'f.created_time',
      },
      order: 'f.id',
      select: `select page.place, ${functionColumns} from page join "function" f on f.id = page.id`,
    },
    page,
    toFunction,
  )
}

/** Whether there is such a function. */
export async function updateEnabled(
  db: Db,
  applicationId: number,
  id: number,
  enabled: boolean,
): Promise<boolean> {
  const rows = await db.query(enableStatement, [applicationId, id, enabled])
  return rows.length > 0
}

const enableStatement = {
  text: 'update "function" set enabled = $3 where id = $2 and application_id = $1 returning id',
}

// ----------------------------------------------------------------------------------------- running

/** A function with the version of it that runs. */
export interface CurrentFunction {
  id: number
  name: string
  type: FunctionType
  applicationId: number
  versionId: number
  versionNumber: number
  /** Of its runtime. */
  revision: number
}

const currentColumns = 'f.id, f.name, f.type, f.application_id, v.id, v.version_number, r.revision'
const currentJoins = `
  join function_version v on v.function_id = f.id and v.version_number = f.current_version_number
  join runtime r on r.id = f.runtime_id`

function toCurrent(row: Row): CurrentFunction {
  return {
    id: row[0] as number,
    name: row[1] as string,
    type: row[2] as FunctionType,
    applicationId: row[3] as number,
    versionId: row[4] as number,
    versionNumber: row[5] as number,
    revision: row[6] as number,
  }
}

/** The functions of a type that run, oldest first: enabled ones that have a version. */
export async function currentFunctionsOfType(
  db: Db,
  applicationId: number,
  type: FunctionType,
): Promise<CurrentFunction[]> {
  return (await db.query(currentOfTypeStatement, [applicationId, type])).map(toCurrent)
}

const currentOfTypeStatement = {
  name: 'current-functions-of-type',
  text: `
    select ${currentColumns} from "function" f ${currentJoins}
    where f.application_id = $1 and f.type = $2 and f.enabled order by f.id`,
}

/** Those of these functions that run. */
export async function currentFunctions(db: Db, ids: number[]): Promise<Map<number, CurrentFunction>> {
  const found = (await db.query(currentStatement, [ids])).map(toCurrent)
  return new Map(found.map((each) => [each.id, each]))
}

const currentStatement = {
  name: 'current-functions',
  text: `select ${currentColumns} from "function" f ${currentJoins} where f.id = any($1::bigint[]) and f.enabled`,
}

/** The script of a version, which never changes. */
export async function findScript(db: Db, versionId: number): Promise<string | undefined> {
  const [row] = await db.query(scriptStatement, [versionId])
  return row?.[0] as string | undefined
}

const scriptStatement = { text: 'select handler_script from function_version where id = $1' }

// ---------------------------------------------------------------------------------------- versions

const versionColumns = 'v.id, v.version_number, v.handler_script'

function toVersion(row: Row): FunctionVersion {
  return { id: row[0] as number, versionNumber: row[1] as number, handlerScript: row[2] as string }
}

/** The function's row is locked while it is numbered, so numbers have neither gaps nor twins. */
const insertVersionStatement = {
  text: `
    with f as (
      update "function" set current_version_number = current_version_number + 1
      where id = $2 and application_id = $1 returning id, current_version_number
    )
    insert into function_version as v (function_id, version_number, handler_script)
    select f.id, f.current_version_number, $3 from f returning ${versionColumns}`,
}

/** Adds a version and makes it the current one; undefined where there is no such function. */
export async function insertVersion(
  db: Db,
  applicationId: number,
  functionId: number,
  handlerScript: string,
): Promise<FunctionVersion | undefined> {
  const [row] = await db.query(insertVersionStatement, [applicationId, functionId, handlerScript])
  return row && toVersion(row)
}

const findVersionStatement = {
  text: `
    select ${versionColumns} from function_version v join "function" f on f.id = v.function_id
    where v.id = $2 and f.application_id = $1`,
}

export async function findVersion(
  db: Db,
  applicationId: number,
  id: number,
): Promise<FunctionVersion | undefined> {
  const [row] = await db.query(findVersionStatement, [applicationId, id])
  return row && toVersion(row)
}

const findCurrentVersionStatement = {
  text: `
    select ${versionColumns} from "function" f
    join function_version v on v.function_id = f.id and v.version_number = f.current_version_number
    where f.id = $2 and f.application_id = $1`,
}

export async function findCurrentVersion(
  db: Db,
  applicationId: number,
  functionId: number,
): Promise<FunctionVersion | undefined> {
  const [row] = await db.query(findCurrentVersionStatement, [applicationId, functionId])
  return row && toVersion(row)
}

/** Versions of a function, newest first. */
export function listVersions(db: Db, functionId: number, page: PageRequest): Promise<Page<FunctionVersion>> {
  return listPage(
    db,
    {
      resource: 'function_version',
      from: sql`function_version v`,
      id: 'v.id',
      where: [sql`v.function_id = ${functionId}::bigint`],
      sortable: { id: 'v.id', versionNumber: 'v.version_number', createdTime: 'v.created_time' },
      order: 'v.version_number desc',
      select: `select page.place, ${versionColumns} from page join function_version v on v.id = page.id`,
    },
    page,
    toVersion,
  )
}

// ------------------------------------------------------------------------------------- invocations

function toInvocation(row: Row): FunctionInvocation {
  return {
    id: row[0] as number,
    versionNumber: row[1] as number,
    args: row[2] as FunctionInvocation['args'],
    status: row[3] as FunctionInvocation['status'],
    result: row[4] as FunctionInvocation['result'],
    createdTime: row[5] as string,
    logs: row[6] as FunctionInvocation['logs'],
    durationMs: (row[7] as number | null) ?? undefined,
  }
}

/** Invocations of a function, newest first. */
export function listInvocations(
  db: Db,
  functionId: number,
  page: PageRequest,
): Promise<Page<FunctionInvocation>> {
  return listPage(
    db,
    {
      resource: 'invocation',
      from: sql`function_invocation i`,
      id: 'i.id',
      where: [sql`i.function_id = ${functionId}::bigint`],
      sortable: {
        id: 'i.id',
        createdTime: 'i.created_time',
        status: 'i.status',
        versionNumber: 'i.version_number',
      },
      order: 'i.id desc',
      total: sql`coalesce((
        select c.value from counter c where c.scope = 'function.invocations' and c.scope_id = ${functionId}::bigint), 0)`,
      select: `
        select page.place, i.id, i.version_number, i.args, i.status, i.result, i.created_time, i.logs, i.duration_ms
        from page join function_invocation i on i.id = page.id`,
    },
    page,
    toInvocation,
  )
}
