// Users: their sessions, their own data, and other users.
import { v4 as uuid } from 'uuid'
import { expect, vi } from 'vitest'
import { createUser, sendMessage } from '../../support/factories.ts'
import { patienceMs } from '../../support/patience.ts'
import { uniqueName } from '../realtime.ts'
import { type Act, aChannelOfBoth, once, same } from './act.ts'
import { Person } from './person.ts'

const countUnread = 'getUnreadMessagesCount|countUnreadMessages'

export const actsOfUsers = {
  'logs in as a user who is there': {
    uses: ['startSession'],
    play: async ({ ann }) => {
      expect(ann.user).toMatchObject({ name: ann.name, isGuest: false, presence: { online: true } })
    },
  },
  'logs in as a guest': {
    uses: ['startSession'],
    play: async ({ server, application, origin }) => {
      const guest = new Person(origin, server, application, uniqueName('gäst@x.example'))
      const { user } = await guest.logIn()
      expect(user).toMatchObject({ name: guest.name, isGuest: true })
      await guest.do('endSession')
    },
  },
  'is refused with a key that is none': {
    uses: ['startSession'],
    play: async ({ server, application, origin }) => {
      const stranger = new Person(origin, server, { ...application, apiKey: uuid() }, 'eve')
      const error = await stranger.refused('startSession', { username: 'eve' })
      expect(JSON.stringify(error)).toContain('AccessDenied')
    },
  },
  'reads its user again': {
    uses: ['getCurrentUser|retrieveCurrentUser'],
    play: async ({ ann }) => {
      const { user } = await ann.do('getCurrentUser|retrieveCurrentUser')
      expect(user).toMatchObject({ id: ann.user.id, name: ann.name })
    },
  },
  'changes its user': {
    uses: ['updateCurrentUser', 'onCurrentUserChanged'],
    play: async ({ ann, application }) => {
      const changed = ann.hear('onCurrentUserChanged')
      const displayName = uniqueName('Ann')
      const { user } = await ann.do('updateCurrentUser', (user: object) => ({ ...user, displayName }))
      expect(user.displayName).toBe(displayName)
      await changed.next((user) => user?.displayName === displayName)
      const { body } = await application.get(`/users/${user.id}`).expect(200)
      expect(body.displayName).toBe(displayName)
    },
  },
  'changes its picture': {
    uses: ['updateCurrentUserDisplayPicture'],
    play: async ({ ann }) => {
      const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 7 }
      const { user } = await ann.do('updateCurrentUserDisplayPicture', { file })
      expect(user.displayPictureUrl).toBe(file.url)
    },
  },
  'reads another user': {
    uses: ['getUser|retrieveUser'],
    play: async ({ ann, ben }) => {
      const { user } = await ann.do('getUser|retrieveUser', ben.user.id)
      expect(user).toMatchObject({ id: ben.user.id, name: ben.name })
    },
  },
  'lists and counts users': {
    uses: ['getContacts|getUsers|listUsers', 'getContactsCount|getUsersCount|listUsersCount'],
    play: async ({ ann, ben }) => {
      const { paginator } = await ann.do('getContacts|getUsers|listUsers')
      expect(paginator.items.some(same(ben.user))).toBe(true)
      const { count } = await ann.do('getContactsCount|getUsersCount|listUsersCount')
      expect(count).toBeGreaterThanOrEqual(1)
    },
  },
  'hears who comes and goes': {
    uses: ['onContactPresenceChanged|onUserPresenceChanged'],
    play: async ({ server, application, origin, ann }) => {
      const seen = ann.hear('onContactPresenceChanged|onUserPresenceChanged')
      const guest = new Person(origin, server, application, uniqueName('guest'))
      const { user } = await guest.logIn()
      await seen.next(({ id, presence }) => id === user.id && presence.online)
      await guest.do('endSession')
      await seen.next(({ id, presence }) => id === user.id && !presence.online)
    },
  },
  'blocks a user, and lets go of it': {
    uses: [
      'blockUser',
      'getUserBlockList|listUserBlockedRecords',
      'deleteUserBlockListItem|deleteUserBlockedRecord',
    ],
    play: async ({ application, ann }) => {
      const eve = await createUser(application)
      const { user } = await ann.do('blockUser', { user: eve })
      expect(user.id).toBe(eve.id)
      const listed = () => ann.do('getUserBlockList|listUserBlockedRecords')
      const { items } = (await listed()).paginator
      expect(items).toHaveLength(1)
      const [item] = items
      await ann.do('deleteUserBlockListItem|deleteUserBlockedRecord', { item, record: item })
      expect((await listed()).paginator.items).toEqual([])
    },
  },
  'is notified, once': {
    uses: ['onNotificationReceived'],
    play: async (stage) => {
      const { application, ann, ben } = stage
      const notified = ben.hear('onNotificationReceived')
      const { id } = await aChannelOfBoth(stage)
      const sent = await sendMessage(application, id, { body: 'Ring', user: { username: ann.name } })
      const isIt = ({ data }: { data: { message?: { id: number } } }) => data.message?.id === sent.id
      const [notification] = await notified.next(isIt)
      expect(notification).toMatchObject({ body: 'Ring', channel: { id } })
      await ben.settled()
      once(notified.items, isIt)
    },
  },
  'counts channels with what is unread': {
    uses: ['getUnreadChannelsCount|countUnreadChannels'],
    play: async (stage) => {
      const { id } = await aChannelOfBoth(stage)
      await sendMessage(stage.application, id, { user: { username: stage.ben.name } })
      const { count } = await stage.ann.do('getUnreadChannelsCount|countUnreadChannels')
      expect(count).toBeGreaterThan(0)
    },
  },
  'lists channels with what is unread': {
    uses: ['unreadChannels', 'getUnreadChannels|getChannels|listChannels'],
    play: async (stage) => {
      const { application, ann, ben } = stage
      const [quiet, unread] = [await aChannelOfBoth(stage), await aChannelOfBoth(stage)]
      await sendMessage(application, unread.id, { user: { username: ben.name } })
      const request = { filter: { unread: true }, unread: true } // older clients, and newer ones
      const { paginator } = await ann.do('getUnreadChannels|getChannels|listChannels', request)
      expect(paginator.items.some(same(unread))).toBe(true)
      expect(paginator.items.some(same(quiet))).toBe(false)
    },
  },
  'counts what is unread in a channel': {
    uses: [countUnread],
    play: async (stage) => {
      const channel = await aChannelOfBoth(stage)
      await sendMessage(stage.application, channel.id, { user: { username: stage.ben.name } })
      expect((await stage.ann.do(countUnread, { channel })).count).toBe(1)
    },
  },
  'counts what is unread': {
    uses: [countUnread, 'isGetUnreadMessagesCountRequest|isCountUnreadMessagesRequest'],
    play: async (stage) => {
      const { id } = await aChannelOfBoth(stage)
      await sendMessage(stage.application, id, { user: { username: stage.ben.name } })
      expect((await stage.ann.do(countUnread)).count).toBeGreaterThan(0)
    },
  },
  'ends its session': {
    uses: ['endSession'],
    play: async ({ server, application, origin }) => {
      const guest = new Person(origin, server, application, uniqueName('guest'))
      const { user } = await guest.logIn()
      await guest.do('endSession')
      await vi.waitFor(
        async () => {
          const { body } = await application.get(`/users/${user.id}`).expect(200)
          expect(body.presence.online).toBe(false)
        },
        { timeout: patienceMs, interval: 5 },
      )
    },
  },
} as const satisfies Record<string, Act>
