import { describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { aTime, connectUser, refusal } from '../support.ts'
import type { World } from './world.ts'

export function describeChannels(world: World): void {
  describe('channels', () => {
    it('are created with creator and members, and retrieved', async () => {
      const { main, kitty, links } = world
      const [jane, john] = [await createUser(main), await createUser(main)]
      const { data } = await kitty.Channels.createChannel({
        type: 'PRIVATE',
        name: 'project-x',
        displayName: 'Project X',
        creator: { username: jane.name },
        members: [{ id: john.id }],
        properties: { dueDate: 'soon' },
      })
      const path = `/channels/${data.id}`
      const { _links, ...creator } = (await kitty.Users.retrieveUser(jane.id)).data
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'PRIVATE',
        name: 'project-x',
        displayName: 'Project X',
        creator,
        properties: { dueDate: 'soon' },
        createdTime: aTime,
        _links: links({
          self: path,
          participants: `${path}/participants`,
          messages: `${path}/messages`,
          events: `${path}/events`,
          memberships: `${path}/memberships`,
          members: `${path}/members`,
          moderators: `${path}/moderators`,
          application: '',
        }),
      })
      expect((await kitty.Channels.retrieveChannel(data.id)).data).toEqual(data)
    })

    it('of the same name or the same members are the same', async () => {
      const { main, kitty } = world
      const users = [await createUser(main), await createUser(main)]
      const members = users.map(({ name }) => ({ username: name }))
      const create = async (channel: object) => (await kitty.Channels.createChannel(channel)).data
      const group = await create({ type: 'PUBLIC', name: 'lobby' })
      expect(await create({ type: 'PUBLIC', name: 'lobby' })).toEqual(group)
      const direct = await create({ type: 'DIRECT', members })
      expect(await create({ type: 'DIRECT', members: members.toReversed() })).toEqual(direct)
      expect(direct.members.map((user) => user.id)).toEqual(users.map(({ id }) => id))
      expect(Object.keys(direct._links)).toEqual([
        'self',
        'participants',
        'messages',
        'events',
        'application',
      ])
    })

    it('accept a Set of members, which is sent as {}, as no members', async () => {
      const { main, kitty } = world
      const user = await createUser(main)
      const members = new Set([{ id: user.id }])
      const { data } = await kitty.Channels.createChannel({ type: 'PUBLIC', members })
      expect((await kitty.Channels.listChannelMembers(data.id)).data._embedded.users).toEqual([])
      const direct = kitty.Channels.createChannel({ type: 'DIRECT', members })
      await expect(direct).rejects.toMatchObject(refusal(400, { field: 'members', code: 'missing_field' }))
    })

    it('are found by type, members, time and properties', async () => {
      const { main, kitty } = world
      const [jane, john] = [await createUser(main), await createUser(main)]
      const members = [{ id: jane.id }, { id: john.id }]
      const group = await createChannel(main, { members, properties: { topic: 'cats' } })
      const direct = await createChannel(main, { type: 'DIRECT', members })
      const find = async (...filters: unknown[]) => {
        const { data } = await kitty.Channels.listChannels(0, 25, ['createdTime,desc'], ...filters)
        return data._embedded.channels.map((channel) => channel.id)
      }
      const names = new Set([jane.name, john.name])
      expect(await find(undefined, names)).toEqual([direct.id, group.id])
      expect(await find('DIRECT', names)).toEqual([direct.id])
      expect(await find(undefined, names, direct.createdTime, direct.createdTime)).toEqual([direct.id])
      expect(await find(undefined, names, undefined, undefined, '{"topic":"cats"}')).toEqual([group.id])
    })

    it('are changed by a merge patch, and unchanged without a body', async () => {
      const { main, kitty } = world
      const channel = await createChannel(main, { properties: { keep: 1, drop: 2 } })
      const patch = { displayName: 'New', properties: { drop: null } }
      const { data } = await kitty.Channels.updateChannel(channel.id, patch)
      expect(data).toMatchObject({ name: channel.name, displayName: 'New' })
      expect(data.properties).toEqual({ keep: 1 })
      expect((await kitty.Channels.updateChannel(channel.id)).data).toEqual(data)
    })

    it('accept events and keystrokes, which are returned as they were sent', async () => {
      const { main, kitty, links } = world
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const event = { type: 'game.started', properties: { boardSize: 8 } }
      const sent = await kitty.Channels.sendChannelEvent(channel.id, event)
      expect(sent.data).toEqual({ ...event, _links: links({ application: '' }) })
      const keystrokes = { keys: 'Hel', user: { username: user.name } }
      const typed = await kitty.Channels.sendChannelKeystrokes(channel.id, keystrokes)
      expect(typed.data).toMatchObject({ keys: 'Hel', username: user.name })
    })

    it('are deleted with their messages, which answers with the application', async () => {
      const { main, kitty } = world
      const channel = await createChannel(main)
      const message = await sendMessage(main, channel.id)
      expect((await kitty.Channels.deleteChannel(channel.id)).data).toMatchObject({ id: main.id })
      await expect(kitty.Channels.retrieveChannel(channel.id)).rejects.toMatchObject(refusal(404, {}))
      await expect(kitty.Messages.retrieveMessage(message.id)).rejects.toMatchObject(refusal(404, {}))
    })
  })

  describe('channel members', () => {
    it('join and leave, which answers with the channel', async () => {
      const { main, kitty } = world
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const members = async () => (await kitty.Channels.listChannelMembers(channel.id)).data._embedded.users
      const added = await kitty.Channels.addChannelMember(channel.id, { username: user.name })
      expect(added.data).toEqual((await kitty.Channels.retrieveChannel(channel.id)).data)
      expect(await members()).toEqual([(await kitty.Users.retrieveUser(user.id)).data])
      const removed = await kitty.Channels.removeChannelMember(channel.id, user.id)
      expect(removed.data).toEqual(added.data)
      expect(await members()).toEqual([])
    })

    it('have memberships that link to user, channel and member', async () => {
      const { main, kitty, links } = world
      const user = await createUser(main)
      const channel = await createChannel(main, { members: [{ id: user.id }] })
      const { data } = await kitty.Channels.listChannelMemberships(channel.id)
      const [userPath, channelPath] = [`/users/${user.id}`, `/channels/${channel.id}`]
      expect(data._embedded.memberships).toEqual([
        {
          createdTime: aTime,
          _links: links({
            user: userPath,
            channel: channelPath,
            member: `${channelPath}/members/${user.id}`,
            application: '',
          }),
        },
      ])
    })

    it('are made moderators, which returns the user, and removed as moderators, which returns the channel', async () => {
      const { main, kitty } = world
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const list = async () => (await kitty.Channels.listChannelModerators(channel.id)).data._embedded.users
      const added = await kitty.Channels.addChannelModerator(channel.id, { id: user.id })
      expect(added.data).toEqual((await kitty.Users.retrieveUser(user.id)).data)
      expect(await list()).toEqual([added.data])
      const removed = await kitty.Channels.removeChannelModerator(channel.id, user.id)
      expect(removed.data).toMatchObject({ id: channel.id, type: 'PUBLIC' })
      expect(await list()).toEqual([])
    })

    it('are invited, which makes them members', async () => {
      const { main, kitty, links } = world
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const invited = await kitty.Channels.sendChannelInvite(channel.id, { user: { id: user.id } })
      expect(invited.data).toEqual({
        createdTime: aTime,
        _links: links({ invitee: `/users/${user.id}`, channel: `/channels/${channel.id}`, application: '' }),
      })
      const { data } = await kitty.Channels.listChannelInvites(channel.id)
      expect(data._embedded.invites).toEqual([invited.data])
      const members = await kitty.Channels.listChannelMembers(channel.id)
      expect(members.data._embedded.users).toMatchObject([{ id: user.id }])
    })

    it('are participants while they are connected', async () => {
      const { server, main, kitty } = world
      const [here, away] = [await createUser(main), await createUser(main)]
      const channel = await createChannel(main, { members: [{ id: here.id }, { id: away.id }] })
      const participants = async () => (await kitty.Channels.listChannelParticipants(channel.id)).data
      expect(await participants()).toMatchObject({
        _embedded: { users: [] },
        page: { size: 25, totalElements: 0, totalPages: 0, number: 0 },
      })
      await connectUser(server, main, { userId: here.id, channelId: channel.id })
      expect((await participants())._embedded.users).toMatchObject([{ id: here.id }])
    })
  })
}
