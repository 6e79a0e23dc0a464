// Versions of functions.
import { type Columns, columnsOf, int4, int8, select, text } from '#data/columns.ts'
import { type Db, finder, type Querier, reading } from '#data/database.ts'
import { Prisma } from '#data/generated/client.ts'
import { listPage } from '#data/lists.ts'
import type { FunctionVersion } from '#resources/function.ts'
import type { Page, PageRequest } from '#resources/page.ts'

const { sql } = Prisma

const versionColumns: Columns<FunctionVersion> = select(
  columnsOf({ id: int8, versionNumber: int4, handlerScript: text }, 'v'),
)

/** Locks the function's row while assigning the number, so that numbers are consecutive and unique. */
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

/** Adds a version and makes it the current one. Returns undefined if there is no such function. */
export async function insertVersion(
  db: Querier,
  applicationId: number,
  functionId: number,
  handlerScript: string,
): Promise<FunctionVersion | undefined> {
  return db.one(insertVersionStatement, [applicationId, functionId, handlerScript])
}

export const findVersion = finder(
  reading(
    'find-function-version',
    versionColumns,
    (columns) => `
      select ${columns} from function_version v join "function" f on f.id = v.function_id
      where v.id = $2 and f.application_id = $1`,
  ),
)

export const findCurrentVersion = finder(
  reading(
    'find-current-function-version',
    versionColumns,
    (columns) => `
      select ${columns} from "function" f
      join function_version v on v.function_id = f.id and v.version_number = f.current_version_number
      where f.id = $2 and f.application_id = $1`,
  ),
)

/** Lists the versions of a function, newest first. */
export function listVersions(db: Db, functionId: number, page: PageRequest): Promise<Page<FunctionVersion>> {
  return listPage(
    db,
    {
      name: 'list-function-versions',
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
