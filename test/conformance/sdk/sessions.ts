import { describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { aTime, connectUser } from '../support.ts'
import type { World } from './world.ts'

export function describeSessions(world: World): void {
  describe('sessions', () => {
    it('of devices and of chats are listed by state', async () => {
      const { server, connect } = world
      const application = await server.createApplication()
      const { UserSessions, ChatSessions } = connect(application)
      const user = await createUser(application)
      const channel = await createChannel(application)
      const { id } = await connectUser(server, application, { userId: user.id, channelId: channel.id })

      const session = { id: Number(id), state: 'ACTIVE', createdTime: aTime, userAgent: 'a phone' }
      const page = { size: 25, totalElements: 1, totalPages: 1, number: 0 }
      const users = (await UserSessions.listUserSessions()).data
      expect(users._embedded.sessions).toMatchObject([{ ...session, user: { name: user.name } }])
      expect(users.page).toEqual(page)
      const chats = (await ChatSessions.listChatSessions(0, 25, undefined, 'ACTIVE')).data
      expect(chats._embedded.sessions).toMatchObject([{ state: 'ACTIVE', createdTime: aTime, session }])
      expect(Object.keys(chats._embedded.sessions[0]?._links ?? {})).toEqual([
        'session',
        'channel',
        'application',
      ])
      const endedJob = await ChatSessions.listChatSessions(0, 25, undefined, 'ENDED')
      expect(endedJob.data._embedded.sessions).toEqual([])
    })
  })
}
