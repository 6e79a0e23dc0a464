// A user who is deleted while something is written about them: whoever comes too late learns that there is no such user.
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { retireUser } from '#data/users/retirement.ts'
import type { ApplicationCaller } from '#domain/access/caller.ts'
import { blockChannelUser } from '#domain/channels/block-channel-user.ts'
import { inviteUser } from '#domain/channels/members/invite-user.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { reportMessage } from '#domain/messages/reports/report-message.ts'
import { blockUser } from '#domain/users/block-user.ts'
import { setUserSecret } from '#domain/users/secrets/set-user-secret.ts'
import { callerOf } from '../../support/as-user.ts'
import { createChannel, createUser, sendMessage, several } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

/** Deletes a user in a transaction that commits only once `late` waits for it. @returns the error of `late` */
async function whileDeleting(id: number, late: () => Promise<unknown>): Promise<unknown> {
  const { db } = server.ctx
  let answer: Promise<unknown> = Promise.resolve()
  await db.transact(async (tx) => {
    await retireUser(tx, server.main.id, id, { withTraces: true })
    let isOver = false
    answer = late().then(
      () => undefined,
      (error) => error,
    )
    void answer.then(() => {
      isOver = true
    })
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    await expect.poll(async () => isOver || ((await db.pool.query(waiting)).rowCount ?? 0) > 0).toBe(true)
  })
  return answer
}

/** A moderator and a member of a channel, where there is a message. */
async function scene() {
  const [moderator, member] = (await several(2, () => createUser(server.main))) as [
    { id: number; name: string },
    { id: number; name: string },
  ]
  const channel = await createChannel(server.main, {
    type: 'PUBLIC',
    name: uuid(),
    creator: { id: moderator.id },
    members: [{ id: member.id }],
  })
  const message = await sendMessage(server.main, channel.id, { body: 'Hello' })
  return { moderator, member, channel, message }
}
type Scene = Awaited<ReturnType<typeof scene>>

/** The backend of the application. */
let backend: ApplicationCaller
beforeAll(() => {
  backend = { kind: 'application', applicationId: server.main.id, scopes: [] }
})

const as = (user: { id: number; name: string }) => callerOf(server.main, user, uuid())

it.each<[string, string, (scene: Scene) => Promise<unknown>]>([
  [
    'reaction',
    'reaction where user_id',
    ({ member, message }) => reactToMessage(server.ctx, as(member), message.id, { emoji: '👍' }),
  ],
  [
    'report',
    'message_report where user_id',
    ({ member, message }) => reportMessage(server.ctx, as(member), message.id, { reason: 'spam' }),
  ],
  [
    'invite',
    'channel_invite where invitee_id',
    ({ moderator, member, channel }) =>
      inviteUser(server.ctx, as(moderator), channel.id, { user: { id: member.id } }),
  ],
  [
    'block in a channel',
    'channel_block where user_id',
    ({ moderator, member, channel }) =>
      blockChannelUser(server.ctx, as(moderator), channel.id, { id: member.id }),
  ],
  [
    'block by another user',
    'user_block where blocked_id',
    ({ moderator, member }) => blockUser(server.ctx, as(moderator), member.id),
  ],
  [
    'block of another user',
    'user_block where blocker_id',
    ({ moderator, member }) => blockUser(server.ctx, as(member), moderator.id),
  ],
  [
    'secret',
    'user_secret where user_id',
    ({ member }) => setUserSecret(server.ctx, backend, member.id, 'token', 'x'),
  ],
])('no %s outlives a user who is deleted at the same moment', async (_what, rows, late) => {
  const people = await scene()
  const error = await whileDeleting(people.member.id, () => late(people))
  expect(error).toMatchObject({ kind: 'ResourceNotFoundError' })
  const left = await server.ctx.db.pool.query(`select from ${rows} = $1`, [people.member.id])
  expect(left.rowCount).toBe(0)
})
