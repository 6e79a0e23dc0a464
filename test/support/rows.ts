// What the database holds, to see that something changed nothing of it.
import { expect, vi } from 'vitest'
import type { TestServer } from './server.ts'

/** That a process is alive, what it was asked, and what lets clients in, changes without being asked to. */
const aside = ['application', 'credential', 'access_token', 'node', 'lease', 'request_hour', 'user_session']

/**
 * Every row of every table, as text, once all events are folded into the counters, who is to be notified is, and all runs of
 * functions have ended.
 * @param files of which application; files that were refused wait to be swept, so those of others change
 */
export async function everything({ ctx }: Pick<TestServer, 'ctx'>, files?: number): Promise<string> {
  const rowsOf = async (text: string) => (await ctx.db.query({ text }, [])).map(([cell]) => cell)
  const waiting = `
    select id from outbox_event union all select message_id from notification_task union all select id from function_run`
  await vi.waitFor(async () => expect(await rowsOf(waiting)).toEqual([]), { timeout: 30_000 })
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
