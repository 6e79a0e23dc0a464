// Reads the whole database, to check that it did not change.
import { expect, vi } from 'vitest'
import { patienceMs } from './patience.ts'
import type { TestServer } from './server.ts'

/** Tables that change on their own: liveness of processes, request counts, credentials and sessions. */
const aside = ['application', 'credential', 'access_token', 'node', 'lease', 'request_hour', 'user_session']

/**
 * Resolves with every row of every table as text, once the counters include all events, all notifications are created
 * and all runs of functions have ended.
 * @param files only includes files of this application; refused files of others are deleted at any time
 */
export async function dumpRows({ ctx }: Pick<TestServer, 'ctx'>, files?: number): Promise<string> {
  const rowsOf = async (text: string) => (await ctx.db.query({ text }, [])).map(([cell]) => cell)
  const waiting = `
    select id from outbox_event union all select message_id from notification_task union all select id from function_run`
  await vi.waitFor(async () => expect(await rowsOf(waiting)).toEqual([]), { timeout: patienceMs })
  const tables = await rowsOf(
    `select table_name from information_schema.tables where table_schema = 'public' order by 1`,
  )
  const contents = []
  for (const table of tables.filter((each) => !aside.includes(each as string))) {
    const which = table === 'file' && files !== undefined ? `where application_id = ${files}` : ''
    contents.push(
      `${table}: ${(await rowsOf(`select t::text from "${table}" t ${which} order by 1`)).join('\n')}`,
    )
  }
  return contents.join('\n')
}
