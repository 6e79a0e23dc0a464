import {
  bool,
  type Columns,
  column,
  columnsOf,
  int4,
  int8,
  mapped,
  oneOf,
  optional,
  select,
  text,
} from '#data/columns.ts'
import { type Db, finder, type Querier, reading } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type { ChatFunction, CreateFunction, FunctionType } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'
import { runtimeVersion } from '#resources/runtime.ts'

const { sql } = Prisma

// --------------------------------------------------------------------------------------- functions

export const functionShape = {
  id: int8,
  type: oneOf<FunctionType>(),
  runtimeId: int8,
  name: text,
  description: optional(text),
  enabled: bool,
  currentVersionNumber: int4,
}

const functionColumns: Columns<ChatFunction> = mapped(
  select(columnsOf(functionShape, 'f')),
  ({ id, type, runtimeId, ...row }) => ({
    id,
    type,
    runtime: { id: runtimeId, type: 'NODEJS', version: runtimeVersion },
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
  { type, name, description }: Omit<CreateFunction, 'initializeAsynchronously'>,
): Promise<ChatFunction> {
  const values = [applicationId, runtimeId, type, name, description || null]
  return (await db.one(insertFunctionStatement, values)) as ChatFunction // the insert returns its row or throws
}

export const findFunction = finder(
  reading(
    'find-function',
    functionColumns,
    (columns) => `select ${columns} from "function" f where f.id = $2 and f.application_id = $1`,
  ),
)

/** Lists the functions of an application, oldest first. */
export function readFunctionPage(
  db: Db,
  applicationId: number,
  page: PageRequest,
): Promise<Page<ChatFunction>> {
  return listPage(
    db,
    {
      name: 'list-functions',
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

/** Enables or disables a function. Returns whether there is such a function. */
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

/** A function with its current version. */
export interface CurrentFunction {
  id: number
  name: string
  type: FunctionType
  applicationId: number
  versionId: number
  versionNumber: number
  /** The revision of its runtime. */
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

/** Returns the functions of a type that can run, oldest first: enabled ones that have a version. */
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

/** Returns those of these functions that can run, by id. */
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

/** Returns the script of a version, which never changes. */
export function findScript(db: Db, versionId: number): Promise<string | undefined> {
  return db.one(scriptStatement, [versionId])
}

const scriptStatement = reading(
  'find-script',
  column(text, 'handler_script'),
  (columns) => `select ${columns} from function_version where id = $1`,
)
