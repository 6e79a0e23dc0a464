// Transactions: their connections, how they end, and the events that they emit.
import { finished } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Tx } from '#data/database.ts'
import { type Ask, querier, type Watching } from '#data/querier.ts'
import type { EventDraft } from '#resources/events.ts'

/** How long to wait for a connection, and for a statement of a transaction. */
export const timeoutMs = 30_000
const begin = `
  begin; set local statement_timeout = ${timeoutMs}; set local idle_in_transaction_session_timeout = ${timeoutMs}`

/** Runs `work` once in one transaction, which is rolled back if `work` throws. */
export async function attempt<T>(
  pool: pg.Pool,
  work: (tx: Tx) => Promise<T>,
  watching: Watching,
): Promise<{ result: T; emitted: EventDraft[] }> {
  const client = await pool.connect()
  let isOver = false
  const emitted: EventDraft[] = []
  // Work that is still running when the transaction ends, such as promises beside a failed one, must not use the
  // connection once another transaction has it.
  const ask: Ask = (query) =>
    isOver ? Promise.reject(new Error('The transaction is over')) : client.query(query)
  const tx: Tx = {
    ...querier(ask, watching),
    async copy(statement, rows) {
      const copy = client.query(copyFrom(statement))
      copy.end(rows)
      await finished(copy)
    },
    async emit(...events) {
      if (events.length === 0) return
      emitted.push(...events)
      const traceparent = watching.traceparent?.()
      const drafts = traceparent
        ? events.map((event) => ({ ...event, payload: { ...event.payload, traceparent } }))
        : events
      await tx.run(emitStatement, [JSON.stringify(drafts)])
    },
  }
  try {
    await client.query(begin)
    const result = await work(tx)
    isOver = true
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') throw new Error('A statement of the transaction had failed')
    client.release()
    return { result, emitted }
  } catch (error) {
    isOver = true
    // A connection that cannot roll back is closed, which also ends the transaction.
    const isClean = await client.query('rollback').then(
      () => true,
      () => false,
    )
    client.release(!isClean)
    throw error
  }
}

/** Calls `work` with a read-only snapshot of the database, however long it takes. */
export async function inSnapshot<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    await client.query('begin transaction isolation level repeatable read, read only')
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

const emitStatement = {
  name: 'emit-events',
  text: `
    insert into outbox_event (application_id, type, channel_id, thread_id, count, payload)
    select "applicationId", type, "channelId", "threadId", coalesce(count, 0), coalesce(payload, '{}')
    from jsonb_to_recordset($1::jsonb) as event (
      "applicationId" bigint, type text, "channelId" bigint, "threadId" bigint, count int, payload jsonb
    )`,
}
