import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blockedIdsOf } from '#data/users/user-blocks.ts'
import { blockUser } from '#domain/users/block-user.ts'
import { listBlockedUsers } from '#domain/users/list-blocked-users.ts'
import { unblockUser } from '#domain/users/unblock-user.ts'
import { callerOf, connectListener, deliveredEvents } from '../../support/as-user.ts'
import { createUser, several } from '../../support/factories.ts'
import { shareServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
  await connectListener(server, server.main)
})
afterAll(() => server.close())

const page = { number: 0, size: 25, sort: [] }
const three = () => several(3, () => createUser(server.main))

describe('a user who blocks another', () => {
  it('is recorded once, however often it blocks', async () => {
    const [blocker, blocked] = await three()
    const caller = callerOf(server.main, blocker, 'r1')
    expect(await blockUser(server.ctx, caller, blocked.id)).toMatchObject({ id: blocked.id })
    expect(await blockUser(server.ctx, caller, blocked.id)).toMatchObject({ id: blocked.id })
    const { items, total } = await listBlockedUsers(server.ctx, caller, {}, page)
    expect({ items, total }).toMatchObject({ items: [{ user: { id: blocked.id } }], total: 1 })
    expect(await blockedIdsOf(server.ctx.db, [blocker.id])).toEqual([
      { blockerId: blocker.id, blockedId: blocked.id },
    ])
    const events = (await deliveredEvents(server, 'user.blocked')).filter(
      ({ payload }) => payload.by === blocker.id,
    )
    expect(events.map(({ payload }) => payload)).toEqual([
      {
        userId: blocked.id,
        recordId: items[0]?.id,
        createdTime: items[0]?.createdTime,
        by: blocker.id,
        session: caller.session,
        receipt: 'r1',
      },
    ])
  })

  it('unblocks by the record, which no other user can', async () => {
    const [blocker, blocked, other] = await three()
    const caller = callerOf(server.main, blocker)
    await blockUser(server.ctx, caller, blocked.id)
    const { items } = await listBlockedUsers(server.ctx, caller, {}, page)
    const recordId = items[0]?.id as number
    await expect(unblockUser(server.ctx, callerOf(server.main, other), recordId)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    expect(await unblockUser(server.ctx, caller, recordId)).toMatchObject({ id: blocked.id })
    expect(await blockedIdsOf(server.ctx.db, [blocker.id])).toEqual([])
    await expect(unblockUser(server.ctx, caller, recordId)).rejects.toMatchObject({
      kind: 'ResourceNotFoundError',
    })
    const events = (await deliveredEvents(server, 'user.unblocked')).filter(
      ({ payload }) => payload.by === blocker.id,
    )
    expect(events).toMatchObject([{ payload: { userId: blocked.id, recordId } }])
  })

  it('cannot block itself, or an unknown user of the application', async () => {
    const [blocker] = await three()
    const stranger = await createUser(await server.createApplication())
    const caller = callerOf(server.main, blocker)
    await expect(blockUser(server.ctx, caller, blocker.id)).rejects.toMatchObject({ kind: 'ValidationError' })
    for (const id of [stranger.id, 4_000_000_000]) {
      await expect(blockUser(server.ctx, caller, id)).rejects.toMatchObject({ kind: 'ResourceNotFoundError' })
    }
  })

  it('finds its records by the names of the blocked users', async () => {
    const blocker = await createUser(server.main)
    const caller = callerOf(server.main, blocker)
    for (const displayName of ['Mona 100%', 'Lisa']) {
      const user = await createUser(server.main, { displayName })
      await blockUser(server.ctx, caller, user.id)
    }
    const named = async (displayName: string) =>
      (await listBlockedUsers(server.ctx, caller, { displayName }, page)).items.map(
        ({ user }) => user.displayName,
      )
    expect(await named('ONA 100%')).toEqual(['Mona 100%'])
    expect(await named('%')).toEqual(['Mona 100%'])
    const sort = [{ property: 'user.displayName', descending: false }]
    const sorted = await listBlockedUsers(server.ctx, caller, { online: false }, { ...page, sort })
    expect(sorted.items.map(({ user }) => user.displayName)).toEqual(['Lisa', 'Mona 100%'])
    const odd = [{ property: 'nothing', descending: false }]
    expect((await listBlockedUsers(server.ctx, caller, {}, { ...page, sort: odd })).total).toBe(2)
  })
})
