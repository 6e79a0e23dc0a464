import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { replacing } from '#domain/merge-patch.ts'
import { deleteUser } from '#domain/users/delete-user.ts'
import { isChannelMember } from '#domain/users/is-channel-member.ts'
import { updateUser } from '#domain/users/update-user.ts'
import { updateUserDisplayPicture } from '#domain/users/update-user-display-picture.ts'
import { CurrentUser, UpdateCurrentUser } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

const eventsOf = async (userId: number, type: 'user.updated' | 'user.deleted') =>
  (await deliveredEvents(server, type))
    .map(({ payload }) => payload)
    .filter((payload) => payload.userId === userId)

describe('a user who updates itself', () => {
  it('changes its display name, properties and status, and ignores the other fields it sends back', async () => {
    const user = await createUser(server.main, { properties: { old: 1 } })
    const caller = callerOf(server.main, user, 'r7')
    const shown = JSON.parse(presentResource(CurrentUser, user))
    const input = UpdateCurrentUser.parse({
      ...shown,
      name: 'other',
      isGuest: true,
      displayName: 'New',
      properties: { neu: { Key_a: null } },
      presence: { status: 'INVISIBLE', online: true },
    })
    const updated = await updateUser(server.ctx, caller, user.id, replacing(input))
    expect(updated).toMatchObject({
      name: user.name,
      isGuest: false,
      displayName: 'New',
      presence: { status: 'INVISIBLE', online: false },
    })
    expect(updated.properties).toEqual({ neu: { Key_a: null } })
    expect(JSON.parse(presentResource(CurrentUser, updated)).presence.status).toBe('INVISIBLE')
    const { session } = caller
    expect(await eventsOf(user.id, 'user.updated')).toEqual([
      { userId: user.id, status: true, by: user.id, session, receipt: 'r7' },
    ])
  })

  it('publishes a change of status only where it changed', async () => {
    const user = await createUser(server.main)
    const caller = callerOf(server.main, user)
    await updateUser(server.ctx, caller, user.id, { presence: { status: 'AWAY' } })
    await updateUser(server.ctx, caller, user.id, { presence: { status: 'AWAY' } })
    await updateUser(server.ctx, caller, user.id, { displayName: 'Again' })
    await server.main.patch(`/users/${user.id}`, { presence: { status: 'BACK' } }).expect(200)
    const events = await eventsOf(user.id, 'user.updated')
    expect(events.map(({ status, by }) => [status, by])).toEqual([
      [true, user.id],
      [undefined, user.id],
      [undefined, user.id],
      [true, undefined],
    ])
  })

  it("may use a picture hosted elsewhere, and not change another user's", async () => {
    const [user, other] = await Promise.all([createUser(server.main), createUser(server.main)])
    const caller = callerOf(server.main, user)
    const picture = { url: 'https://example.com/me.png', name: 'me.png', contentType: 'image/png', size: 1 }
    const updated = await updateUserDisplayPicture(server.ctx, caller, user.id, picture)
    expect(updated.displayPictureUrl).toBe(picture.url)
    expect(await eventsOf(user.id, 'user.updated')).toMatchObject([{ picture: true, by: user.id }])
    await expect(updateUserDisplayPicture(server.ctx, caller, other.id, picture)).rejects.toMatchObject({
      kind: 'AccessDeniedError',
    })
  })
})

describe('a user who deletes', () => {
  it('itself is deleted, and its sessions with it', async () => {
    const user = await createUser(server.main)
    await server.ctx.db.prisma.userSession.create({
      data: {
        applicationId: server.main.id,
        userId: user.id,
        key: uuid(),
        node: server.ctx.node.id,
      },
    })
    const caller = callerOf(server.main, user, 'r1')
    expect(await deleteUser(server.ctx, caller, user.id)).toMatchObject({ id: user.id, name: user.name })
    await server.main.get(`/users/${user.id}`).expect(404)
    const sessions = await server.ctx.db.prisma.userSession.findMany({ where: { userId: user.id } })
    expect(sessions).toMatchObject([{ state: 'ENDED', endTime: expect.any(Date) }])
    expect(await eventsOf(user.id, 'user.deleted')).toMatchObject([{ by: user.id, receipt: 'r1' }])
  })

  it('any other user is refused', async () => {
    const [user, other] = await Promise.all([createUser(server.main), createUser(server.main)])
    const refusal = deleteUser(server.ctx, callerOf(server.main, user), other.id)
    await expect(refusal).rejects.toMatchObject({ kind: 'AccessDeniedError' })
    await server.main.get(`/users/${other.id}`).expect(200)
  })
})

it('users can list who is in the channels that they see, and in no others', async () => {
  const [user, other] = await Promise.all([createUser(server.main), createUser(server.main)])
  const members = [{ id: other.id }]
  const open = await createChannel(server.main, { members })
  const closed = await createChannel(server.main, { type: 'PRIVATE', members })
  const caller = callerOf(server.main, user)
  const ask = (userId: number, channelId: number) =>
    isChannelMember(server.ctx, caller, { userId, channelId })
  expect(await ask(other.id, open.id)).toBe(true)
  expect(await ask(user.id, open.id)).toBe(false)
  await expect(ask(other.id, closed.id)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
  await expect(ask(4_000_000_000, open.id)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
})
