import type { Db, Row } from '#data/database.ts'
import type { Thread } from '#resources/thread.ts'

const columns = 't.id, t.type, t.name, t.properties, t.created_time, t.channel_id'

function toThread(row: Row): Thread {
  return {
    id: row[0] as number,
    type: row[1] as Thread['type'],
    name: (row[2] as string | null) ?? undefined,
    properties: row[3] as Thread['properties'],
    createdTime: row[4] as string,
    channelId: row[5] as number,
  }
}

const findStatement = {
  name: 'find-thread',
  text: `select ${columns} from thread t where t.id = $2 and t.application_id = $1`,
}

export async function findThread(db: Db, applicationId: number, id: number): Promise<Thread | undefined> {
  const [row] = await db.query(findStatement, [applicationId, id])
  return row && toThread(row)
}

const findMainStatement = {
  name: 'find-main-thread',
  text: `select ${columns} from thread t where t.channel_id = $1 and t.type = 'MAIN'`,
}

export async function findMainThread(db: Db, channelId: number): Promise<Thread | undefined> {
  const [row] = await db.query(findMainStatement, [channelId])
  return row && toThread(row)
}

const openStatement = {
  name: 'open-message-thread',
  text: `
    with root as (
      update message set has_thread = true where id = $2 and application_id = $1 returning id, application_id, channel_id
    )
    insert into thread (id, application_id, channel_id, type)
    select id, application_id, channel_id, 'MESSAGE' from root
    on conflict (id) do nothing`,
}

/** Gives a message its thread, which has the message's id; undefined where there is no such message. */
export async function openMessageThread(
  db: Db,
  applicationId: number,
  messageId: number,
): Promise<Thread | undefined> {
  await db.query(openStatement, [applicationId, messageId])
  return findThread(db, applicationId, messageId)
}
