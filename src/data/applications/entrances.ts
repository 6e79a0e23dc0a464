// Who gets into an application, as a connecting client finds it.
import { validate as isUuid } from 'uuid'
import { bool, type Columns, column, int8, select } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { blockingType } from '#resources/function.ts'
import { listening } from '#resources/webhook.ts'

/** An application as a connecting client finds it by its API key; undefined for what is no key, too. */
export async function findApplicationByKey(db: Db, key: string) {
  if (!isUuid(key)) return undefined
  return db.one(applicationStatement, [key])
}

/** Who gets into an application. */
export interface Entrance {
  id: number
  guestUsers: boolean
  /** Whether functions or webhooks decide. */
  isGuarded: boolean
}

/** Of applications `a`. */
export const entranceColumns: Columns<Entrance> = select({
  id: column(int8, 'a.id'),
  guestUsers: column(bool, `a.guest_users = 'ENABLED'`),
  isGuarded: column(
    bool,
    `exists (
      select from function f where f.application_id = a.id and f.type = '${blockingType}' and f.enabled
        and f.current_version_number > 0)
    or exists (
      select from webhook w where w.application_id = a.id and w.enabled and '${blockingType}' = any(w.events)
        and w.url <> '${listening}')`,
  ),
})

const applicationStatement = reading(
  'find-application-by-key',
  entranceColumns,
  (columns) => `select ${columns} from application a where a.closed_time is null and a.key = $1::uuid`,
)

/** Those of these applications that somebody may get into. */
export async function findEntrances(db: Db, ids: number[]): Promise<Map<number, Entrance>> {
  const entrances = await db.all(entrancesStatement, [ids])
  return new Map(entrances.map((entrance) => [entrance.id, entrance]))
}

const entrancesStatement = reading(
  'find-entrances',
  entranceColumns,
  (columns) =>
    `select ${columns} from application a where a.closed_time is null and a.id = any($1::bigint[])`,
)
