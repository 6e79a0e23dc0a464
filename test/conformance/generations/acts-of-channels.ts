// Channels: creating, finding, joining, leaving and changing them.
import { expect } from 'vitest'
import { createChannel, sendMessage } from '../../support/factories.ts'
import { uniqueName } from '../realtime.ts'
import { type Act, aChannelOfBoth, once, same, seenBy } from './act.ts'

const members = 'getUsers|getChannelMembers|listChannelMembers'
const list = 'getChannels|listChannels'

export const actsOfChannels = {
  'creates a public channel': {
    uses: ['createChannel'],
    play: async ({ ann }) => {
      const name = uniqueName('public')
      const { channel } = await ann.do('createChannel', { type: 'PUBLIC', name })
      expect(channel).toMatchObject({ type: 'PUBLIC', name, creator: { id: ann.user.id } })
    },
  },
  'creates a private channel': {
    uses: ['createChannel'],
    play: async ({ ann, ben }) => {
      const request = { type: 'PRIVATE', name: uniqueName('private'), members: [{ id: ben.user.id }] }
      const { channel } = await ann.do('createChannel', request)
      expect(channel).toMatchObject({ type: 'PRIVATE', name: request.name })
      expect(await seenBy(ben, channel.id)).toMatchObject({ name: request.name })
    },
  },
  'creates a direct channel, and finds it again': {
    uses: ['createChannel'],
    play: async ({ ann, ben }) => {
      const request = { type: 'DIRECT', members: [{ id: ben.user.id }] }
      const { channel } = await ann.do('createChannel', request)
      expect(channel.type).toBe('DIRECT')
      expect((await ann.do('createChannel', request)).channel.id).toBe(channel.id)
    },
  },
  'creates a channel that is there': {
    uses: ['createChannel'],
    play: async ({ ann, ben }) => {
      const request = { type: 'PUBLIC', name: uniqueName('twice'), members: [{ username: ben.name }] }
      const { channel } = await ann.do('createChannel', request)
      expect((await ann.do('createChannel', request)).channel.id).toBe(channel.id)
      expect((await ben.do('createChannel', request)).channel.id).toBe(channel.id)
    },
  },
  'lists channels': {
    uses: [list],
    play: async ({ ann, channel }) => {
      const { paginator } = await ann.do(list, { filter: { joined: true } })
      expect(paginator.items.some(same(channel))).toBe(true)
    },
  },
  'lists channels that it may join': {
    uses: [list],
    play: async ({ application, ann, channel }) => {
      const open = await createChannel(application, { name: uniqueName('open') })
      const { paginator } = await ann.do(`getJoinableChannels|${list}`, {
        joinable: true,
        filter: { joined: false },
      })
      expect(paginator.items.some(same(open))).toBe(true)
      expect(paginator.items.some(same(channel))).toBe(false)
    },
  },
  'reads a channel': {
    uses: ['getChannel|retrieveChannel'],
    play: async ({ ben, channel }) => {
      expect(await seenBy(ben, channel.id)).toMatchObject({ id: channel.id, name: channel.name })
    },
  },
  'learns that a channel is none': {
    uses: ['getChannel|retrieveChannel', 'new (\\w+\\.)?ChatKittyFailedResult'],
    play: async ({ ann }) => {
      const error = await ann.refused('getChannel|retrieveChannel', 999_999_999)
      expect(error).toMatchObject({ error: 'ResourceNotFoundError' })
    },
  },
  'joins a channel': {
    uses: ['joinChannel'],
    play: async ({ application, ben }) => {
      const { id } = await createChannel(application, { name: uniqueName('open') })
      const { channel } = await ben.do('joinChannel', { channel: await seenBy(ben, id) })
      expect(channel.id).toBe(id)
      expect(channel._actions.join).toBeUndefined()
    },
  },
  'hears that it joined, once': {
    uses: ['onChannelJoined'],
    play: async (stage) => {
      const joined = stage.ben.hear('onChannelJoined')
      const channel = await aChannelOfBoth(stage)
      await joined.next(same(channel))
      once(joined.items, same(channel))
    },
  },
  'lists members': {
    uses: [members],
    play: async ({ ann, ben, channel }) => {
      const { paginator } = await ann.do(
        ann.has('getChannelMembers|listChannelMembers') ? 'getChannelMembers|listChannelMembers' : members,
        { channel },
      )
      expect(paginator.items.map(({ id }) => id).sort()).toEqual([ann.user.id, ben.user.id].sort())
    },
  },
  'says who is a member': {
    uses: ['getUserIsChannelMember|checkUserIsChannelMember'],
    play: async ({ ann, ben, channel }) => {
      const { user } = await ann.do('getUser|retrieveUser', ben.user.id)
      const result = await ann.do('getUserIsChannelMember|checkUserIsChannelMember', { user, channel })
      expect(Object.values(result)).toContain(true)
      expect(result.failed).toBe(false)
    },
  },
  'makes a moderator': {
    uses: ['addChannelModerator'],
    play: async ({ application, ann, ben }) => {
      const request = { type: 'PUBLIC', name: uniqueName('ours'), members: [{ id: ben.user.id }] }
      const { channel } = await ann.do('createChannel', request)
      expect((await ann.do('addChannelModerator', { channel, user: ben.user })).channel.id).toBe(channel.id)
      const { body } = await application.get(`/channels/${channel.id}/moderators`).expect(200)
      expect(body._embedded.users.some(same(ben.user))).toBe(true)
    },
  },
  'invites a user': {
    uses: ['inviteUser'],
    play: async ({ ann, ben }) => {
      const { channel } = await ann.do('createChannel', { type: 'PRIVATE', name: uniqueName('ours') })
      const { user } = await ann.do('inviteUser', { channel, user: ben.user })
      expect(user.id).toBe(ben.user.id)
      expect(await seenBy(ben, channel.id)).toMatchObject({ id: channel.id })
    },
  },
  'changes a channel, of which others hear': {
    uses: ['updateChannel', 'onChannelUpdated'],
    play: async ({ ann, ben, channel, benChat }) => {
      const updated = ben.hear('onChannelUpdated')
      const displayName = uniqueName('Named')
      const changed = { ...channel, displayName }
      // The first versions of this method take the channel itself.
      const result = await ann.do('updateChannel', { ...changed, channel: changed })
      expect(result.channel).toMatchObject({ displayName })
      const isIt = (seen: { id: number; displayName: string }) =>
        seen.id === channel.id && seen.displayName === displayName
      await updated.next(isIt)
      await benChat.channel.next(isIt)
    },
  },
  'mutes a channel': {
    uses: ['muteChannel', 'unmuteChannel'],
    play: async ({ ann, channel }) => {
      expect((await ann.do('muteChannel', { channel })).channel.id).toBe(channel.id)
      expect((await ann.do('unmuteChannel', { channel })).channel.id).toBe(channel.id)
    },
  },
  'hides a channel': {
    uses: ['hideChannel'],
    play: async (stage) => {
      const { ann } = stage
      const channel = await aChannelOfBoth(stage, { type: 'DIRECT', name: undefined })
      expect((await ann.do('hideChannel', { channel })).channel.id).toBe(channel.id)
      const { paginator } = await ann.do(list, { filter: { joined: true } })
      expect(paginator.items.some(same(channel))).toBe(false)
    },
  },
  'hears that a channel is hidden, and shown again': {
    uses: ['hideChannel', 'onChannelHidden', 'onChannelUnhidden'],
    play: async (stage) => {
      const { application, ann, ben } = stage
      const hidden = ann.hear('onChannelHidden')
      const shown = ann.hear('onChannelUnhidden')
      const channel = await aChannelOfBoth(stage, { type: 'DIRECT', name: undefined })
      await ann.do('hideChannel', { channel })
      await hidden.next(same(channel))
      await sendMessage(application, channel.id, { user: { username: ben.name } })
      await ann.do('createChannel', { type: 'DIRECT', members: [{ id: ben.user.id }] })
      await shown.next(same(channel))
    },
  },
  'clears the history of a channel': {
    uses: ['clearChannelHistory'],
    play: async (stage) => {
      const { application, ann } = stage
      const channel = await aChannelOfBoth(stage)
      await sendMessage(application, channel.id)
      expect((await ann.do('clearChannelHistory', { channel })).channel.id).toBe(channel.id)
      const { paginator } = await ann.do('getMessages|listMessages', { channel })
      expect(paginator.items).toEqual([])
    },
  },
  'leaves a channel': {
    uses: ['leaveChannel'],
    play: async (stage) => {
      const channel = await aChannelOfBoth(stage)
      expect((await stage.ann.do('leaveChannel', { channel })).channel.id).toBe(channel.id)
      const { body } = await stage.application.get(`/channels/${channel.id}/members`).expect(200)
      expect(body._embedded.users).toHaveLength(1)
    },
  },
  'hears that it left, once': {
    uses: ['onChannelLeft'],
    play: async (stage) => {
      const left = stage.ben.hear('onChannelLeft')
      const { id } = await aChannelOfBoth(stage)
      await stage.application.delete(`/channels/${id}/members/${stage.ben.user.id}`).expect(200)
      await left.next(same({ id }))
      await stage.ben.settled()
      once(left.items, same({ id }))
    },
  },
  'deletes a channel': {
    uses: ['deleteChannel'],
    play: async ({ application, ann }) => {
      const { channel } = await ann.do('createChannel', { type: 'PUBLIC', name: uniqueName('short') })
      await ann.do('deleteChannel', { channel })
      await application.get(`/channels/${channel.id}`).expect(404)
    },
  },
} as const satisfies Record<string, Act>
