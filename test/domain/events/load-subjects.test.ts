// What events show is read by several statements, between which it may change.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Context } from '#context.ts'
import { loadSubjects } from '#domain/events/load-subjects.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

/** The server's context, with something that happens before or after the channels are read. */
function contextWith(happens: Partial<Record<'before' | 'after', () => Promise<unknown>>>): Context {
  const db: Context['db'] = Object.create(server.ctx.db)
  db.all = async (statement, values) => {
    const isOfChannels = statement.name === 'find-channels'
    if (isOfChannels) await happens.before?.()
    const rows = await server.ctx.db.all(statement, values)
    if (isOfChannels) await happens.after?.()
    return rows
  }
  return Object.create(server.ctx, { db: { value: db } })
}

it.each(['before', 'after'] as const)(
  'a last message that a member deletes for themselves %s the channel is read is not shown to them',
  async (when) => {
    const { main } = server
    const user = await createUser(main)
    const { id } = await createChannel(main, { name: user.name, members: [{ id: user.id }] })
    const message = await sendMessage(main, id)
    const { prisma } = server.ctx.db
    const remove = () => prisma.hiddenMessage.create({ data: { userId: user.id, messageId: message.id } })
    const { channels } = await loadSubjects(contextWith({ [when]: remove }), [], [id])
    expect(channels.get(id)).toMatchObject({
      lastReceivedMessage: { id: message.id },
      lastHiddenFrom: [user.id],
    })
  },
)

it('a last message that a member has deleted for themselves is not shown to them where a newer one comes', async () => {
  const { main } = server
  const user = await createUser(main)
  const { id } = await createChannel(main, { name: user.name, members: [{ id: user.id }] })
  const message = await sendMessage(main, id)
  await server.ctx.db.prisma.hiddenMessage.create({ data: { userId: user.id, messageId: message.id } })
  const after = () => sendMessage(main, id)
  const { channels } = await loadSubjects(contextWith({ after }), [], [id])
  expect(channels.get(id)).toMatchObject({
    lastReceivedMessage: { id: message.id },
    lastHiddenFrom: [user.id],
  })
})
