// Callers for users, and the events that their actions emit.
import { v4 as uuid } from 'uuid'
import type { UserCaller } from '#domain/access/caller.ts'
import type { CommittedEvent } from '#resources/events.ts'
import { createUser } from './factories.ts'
import type { TestApplication, TestServer } from './server.ts'

/** Returns a user as a verb's caller, on their own device. */
export const callerOf = (
  application: TestApplication,
  { id }: { id: number },
  receipt?: string,
): UserCaller => ({
  kind: 'user',
  applicationId: application.id,
  userId: id,
  session: uuid(),
  ...(receipt !== undefined && { receipt }),
})

/** Creates a connected session, so that events of the application are kept in the log. */
export async function connectListener(server: TestServer, application: TestApplication): Promise<void> {
  const { id } = await createUser(application, { displayName: 'Listener' })
  await server.ctx.db.prisma.userSession.create({
    data: { applicationId: application.id, userId: id, key: uuid(), node: server.ctx.node.id },
  })
}

/** Resolves with the logged events of a type, in order, once the outbox is empty. */
export async function deliveredEvents(
  server: TestServer,
  type: CommittedEvent['type'],
): Promise<Pick<CommittedEvent, 'channelId' | 'payload'>[]> {
  const { db } = server.ctx
  for (;;) {
    const [waiting] = await db.query({ text: 'select count(*) from outbox_event' }, [])
    if (waiting?.[0] === 0) break
  }
  const rows = await db.query(
    { text: 'select channel_id, payload from event_log where type = $1 order by position' },
    [type],
  )
  return rows.map((row) => ({
    channelId: row[0] as number | null,
    payload: row[1] as CommittedEvent['payload'],
  }))
}
