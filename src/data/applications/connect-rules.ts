// Access to applications for connecting clients.
import { validate as isUuid } from 'uuid'
import { bool, type Columns, column, int8, select } from '#data/columns.ts'
import { type Db, reading } from '#data/database.ts'
import { blockingType } from '#resources/function.ts'
import { listening } from '#resources/webhook.ts'

/** Returns the connect rules of an application by API key; undefined if no open application has it or it is no UUID. */
export async function findApplicationByKey(db: Db, key: string) {
  if (!isUuid(key)) return undefined
  return db.one(applicationStatement, [key])
}

/** Which users may connect to an application. */
export interface ConnectRules {
  id: number
  guestUsers: boolean
  /** Whether functions or webhooks decide who may connect. */
  isGuarded: boolean
}

/** The columns of connect rules, read from applications `a`. */
export const connectRulesColumns: Columns<ConnectRules> = select({
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
  connectRulesColumns,
  (columns) => `select ${columns} from application a where a.closed_time is null and a.key = $1::uuid`,
)

/** Returns the connect rules of those of these applications that are not being deleted, by id. */
export async function findConnectRules(db: Db, ids: number[]): Promise<Map<number, ConnectRules>> {
  const connectRules = await db.all(connectRulesStatement, [ids])
  return new Map(connectRules.map((rules) => [rules.id, rules]))
}

const connectRulesStatement = reading(
  'find-connect-rules',
  connectRulesColumns,
  (columns) =>
    `select ${columns} from application a where a.closed_time is null and a.id = any($1::bigint[])`,
)
