// Functions, their versions and invocations.
import {
  bool,
  type Columns,
  column,
  columnsOf,
  int4,
  int8,
  jsonb,
  mapped,
  nullable,
  oneOf,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, type Querier, reading } from '#data/database.ts'
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
import { runtimeVersion } from '#resources/runtime.ts'

const { sql } = Prisma

// --------------------------------------------------------------------------------------- functions

export const functionShape = {
  id: int8,
  type: oneOf<FunctionType>(),
  runtimeId: int8,
  name: text,
  description: nullable(text),
  enabled: bool,
  currentVersionNumber: int4,
}

const functionColumns: Columns<ChatFunction> = mapped(
  select(columnsOf(functionShape, 'f')),
  ({ id, type, runtimeId, description, ...row }) => ({
    id,
    type,
    runtime: { id: runtimeId, type: 'NODEJS', version: runtimeVersion },
    ...(description !== null && { description }),
    ...row,
  }),
)

const insertFunctionStatement = reading(
  'insert-function',
  functionColumns,
  (columns) => `
    insert into "function" as f (application_id, runtime_id, type, name, description)
    values ($1, $2, $3, $4, $5) returning ${columns}`,
)

export async function insertFunction(
  db: Querier,
  applicationId: number,
  runtimeId: number,
  { type, name, description }: CreateFunction,
): Promise<ChatFunction> {
  const values = [applicationId, runtimeId, type, name, description || null]
  return (await db.one(insertFunctionStatement, values)) as ChatFunction // what did not throw returns its row
}

const findFunctionStatement = reading(
  'find-function',
  functionColumns,
  (columns) => `select ${columns} from "function" f where f.id = $2 and f.application_id = $1`,
)

export async function findFunction(
  db: Db,
  applicationId: number,
  id: number,
): Promise<ChatFunction | undefined> {
  return db.one(findFunctionStatement, [applicationId, id])
}

/** Functions of an application, oldest first. */
export function readFunctionPage(
  db: Db,
  applicationId: number,
  page: PageRequest,
): Promise<Page<ChatFunction>> {
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
      columns: functionColumns,
      joins: 'join "function" f on f.id = page.id',
    },
    page,
  )
}

/** Whether there is such a function. */
export async function updateEnabled(
  db: Querier,
  applicationId: number,
  id: number,
  enabled: boolean,
): Promise<boolean> {
  return (await db.run(enableStatement, [applicationId, id, enabled])) > 0
}

const enableStatement = {
  text: 'update "function" set enabled = $3 where id = $2 and application_id = $1',
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

const currentColumns: Columns<CurrentFunction> = select({
  id: column(int8, 'f.id'),
  name: column(text, 'f.name'),
  type: column(oneOf<FunctionType>(), 'f.type'),
  applicationId: column(int8, 'f.application_id'),
  versionId: column(int8, 'v.id'),
  versionNumber: column(int4, 'v.version_number'),
  revision: column(int4, 'r.revision'),
})
const currentJoins = `
  join function_version v on v.function_id = f.id and v.version_number = f.current_version_number
  join runtime r on r.id = f.runtime_id`

/** The functions of a type that run, oldest first: enabled ones that have a version. */
export function currentFunctionsOfType(
  db: Db,
  applicationId: number,
  type: FunctionType,
): Promise<CurrentFunction[]> {
  return db.all(currentOfTypeStatement, [applicationId, type])
}

const currentOfTypeStatement = reading(
  'current-functions-of-type',
  currentColumns,
  (columns) => `
    select ${columns} from "function" f ${currentJoins}
    where f.application_id = $1 and f.type = $2 and f.enabled order by f.id`,
)

/** Those of these functions that run. */
export async function currentFunctions(db: Db, ids: number[]): Promise<Map<number, CurrentFunction>> {
  const found = await db.all(currentStatement, [ids])
  return new Map(found.map((each) => [each.id, each]))
}

const currentStatement = reading(
  'current-functions',
  currentColumns,
  (columns) =>
    `select ${columns} from "function" f ${currentJoins} where f.id = any($1::bigint[]) and f.enabled`,
)

/** The script of a version, which never changes. */
export function findScript(db: Db, versionId: number): Promise<string | undefined> {
  return db.one(scriptStatement, [versionId])
}

const scriptStatement = reading(
  'find-script',
  column(text, 'handler_script'),
  (columns) => `select ${columns} from function_version where id = $1`,
)

// ---------------------------------------------------------------------------------------- versions

const versionColumns: Columns<FunctionVersion> = select(
  columnsOf({ id: int8, versionNumber: int4, handlerScript: text }, 'v'),
)

/** The function's row is locked while it is numbered, so numbers have neither gaps nor twins. */
const insertVersionStatement = reading(
  'insert-function-version',
  versionColumns,
  (columns) => `
    with f as (
      update "function" set current_version_number = current_version_number + 1,
        draft = nullif(draft, $3), draft_time = case when draft <> $3 then draft_time end
      where id = $2 and application_id = $1 returning id, current_version_number
    )
    insert into function_version as v (function_id, version_number, handler_script)
    select f.id, f.current_version_number, $3 from f returning ${columns}`,
)

/** Adds a version and makes it the current one; undefined where there is no such function. */
export async function insertVersion(
  db: Querier,
  applicationId: number,
  functionId: number,
  handlerScript: string,
): Promise<FunctionVersion | undefined> {
  return db.one(insertVersionStatement, [applicationId, functionId, handlerScript])
}

const findVersionStatement = reading(
  'find-function-version',
  versionColumns,
  (columns) => `
    select ${columns} from function_version v join "function" f on f.id = v.function_id
    where v.id = $2 and f.application_id = $1`,
)

export async function findVersion(
  db: Db,
  applicationId: number,
  id: number,
): Promise<FunctionVersion | undefined> {
  return db.one(findVersionStatement, [applicationId, id])
}

const findCurrentVersionStatement = reading(
  'find-current-function-version',
  versionColumns,
  (columns) => `
    select ${columns} from "function" f
    join function_version v on v.function_id = f.id and v.version_number = f.current_version_number
    where f.id = $2 and f.application_id = $1`,
)

export async function findCurrentVersion(
  db: Db,
  applicationId: number,
  functionId: number,
): Promise<FunctionVersion | undefined> {
  return db.one(findCurrentVersionStatement, [applicationId, functionId])
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
      columns: versionColumns,
      joins: 'join function_version v on v.id = page.id',
    },
    page,
  )
}

// ------------------------------------------------------------------------------------- invocations

export const invocationShape = {
  id: int8,
  versionNumber: int4,
  args: jsonb<FunctionInvocation['args']>(),
  status: oneOf<FunctionInvocation['status']>(),
  result: jsonb<FunctionInvocation['result']>(),
  createdTime: timestamptz,
  logs: jsonb<FunctionInvocation['logs']>(),
  durationMs: nullable(int4),
}

const invocationColumns: Columns<FunctionInvocation> = mapped(
  select(columnsOf(invocationShape, 'i')),
  ({ durationMs, ...invocation }) => ({ ...invocation, durationMs: durationMs ?? undefined }),
)

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
      columns: invocationColumns,
      joins: 'join function_invocation i on i.id = page.id',
    },
    page,
  )
}

/** An invocation, and of which function. */
export function findInvocation(db: Db, applicationId: number, id: number) {
  return db.one(findInvocationStatement, [applicationId, id])
}

const findInvocationStatement = reading(
  'find-invocation',
  select({
    invocation: invocationColumns,
    function: select({
      id: column(int8, 'f.id'),
      name: column(text, 'f.name'),
      type: column(text, 'f.type'),
    }),
  }),
  (columns) => `
    select ${columns} from function_invocation i join "function" f on f.id = i.function_id
    where i.id = $2 and f.application_id = $1`,
)
