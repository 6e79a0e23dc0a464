// Removes a user's rows other than messages, a few at a time.
import { bool, column } from '#data/columns.ts'
import { type Querier, reading } from '#data/database.ts'

/** SQL text: removes some of a user's rows that belong to messages, and reduces the counter in the messages' rows. */
const counted = (table: 'reaction' | 'message_report', counter: string) => `
  with gone as (
    delete from ${table} where ctid = any(array(
      select ctid from ${table} where user_id = $1 order by message_id limit $2::int for update
    )) returning message_id
  ), uncounted as (
    update message m set ${counter} = greatest(m.${counter} - g.count, 0)
    from (select message_id, count(*) as count from gone group by message_id) g where m.id = g.message_id
  )
  select 1 from gone`
const plain = (table: string, owner = 'user_id') =>
  `delete from ${table} where ctid = any(array(select ctid from ${table} where ${owner} = $1 limit $2::int for update))`

/** By table. Each statement removes up to $2 rows of the user $1. */
const traces = {
  reaction: counted('reaction', 'reaction_count'),
  message_report: counted('message_report', 'report_count'),
  read_span: plain('read_span'),
  notification: plain('notification', 'recipient_id'),
  hidden_message: plain('hidden_message'),
}
export type Trace = keyof typeof traces
export const tracesOfUsers = Object.keys(traces) as Trace[]

/** @returns how many rows were removed */
export function removeTrace(tx: Querier, trace: Trace, userId: number, limit: number): Promise<number> {
  return tx.run({ name: `remove-${trace}`, text: traces[trace] }, [userId, limit])
}

/** Returns whether a user has more than `limit` rows in one of the tables, too many to remove in one commit. */
export function hasManyTraces(db: Querier, userId: number, limit: number): Promise<boolean> {
  return db.single(manyStatement, [userId, limit])
}

const more = (table: Trace, owner = 'user_id') =>
  `(select count(*) from (select from ${table} where ${owner} = $1 limit $2::int + 1) t) > $2`
const manyStatement = reading(
  'has-many-traces',
  column(
    bool,
    [
      more('reaction'),
      more('message_report'),
      more('read_span'),
      more('notification', 'recipient_id'),
      more('hidden_message'),
    ].join(' or '),
  ),
  (columns) => `select ${columns}`,
)
