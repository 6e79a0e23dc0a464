// The record of function invocations.
import {
  type Columns,
  column,
  columnsOf,
  int4,
  int8,
  jsonb,
  oneOf,
  optional,
  select,
  text,
  timestamptz,
} from '#data/columns.ts'
import { type Db, finder, reading } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type { FunctionInvocation } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

export const invocationShape = {
  id: int8,
  versionNumber: int4,
  args: jsonb<FunctionInvocation['args']>(),
  status: oneOf<FunctionInvocation['status']>(),
  result: jsonb<FunctionInvocation['result']>(),
  createdTime: timestamptz,
  logs: jsonb<FunctionInvocation['logs']>(),
  durationMs: optional(int4),
}

const invocationColumns: Columns<FunctionInvocation> = select(columnsOf(invocationShape, 'i'))

/** Lists the invocations of a function, newest first. */
export function listInvocations(
  db: Db,
  functionId: number,
  page: PageRequest,
): Promise<Page<FunctionInvocation>> {
  return listPage(
    db,
    {
      name: 'list-invocations',
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

export const findInvocation = finder(
  reading(
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
  ),
)
