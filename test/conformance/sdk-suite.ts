// One suite for all server SDKs, with an adapter for each.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { endedJob } from '../support/jobs.ts'
import { openRegistry, type Registry } from '../support/registry.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'
import { pagesThroughLists } from './paging.ts'
import { type Apis, inCamelCase, type Sdk } from './sdk.ts'
import {
  aTime,
  connectUser,
  createFunction,
  invokeFunction,
  keysOf,
  linksBelow,
  mustBeNotified,
  populate,
  readMessage,
  refusal,
} from './support.ts'

/** The server that the tests of one SDK share; available while they run. */
export interface World {
  server: TestServer
  main: TestApplication
  kitty: Apis
  /** The SDK with the credentials of another application. */
  connect(application: TestApplication): Apis
}

/** Tests an SDK against this server. @returns helpers for tests of this SDK only */
export function describeSdk(sdk: Sdk): World {
  let registry: Registry
  let server: TestServer
  let main: TestApplication
  let kitty: Apis
  const world = {} as World

  const connect = (application: TestApplication) => inCamelCase(sdk, sdk.raw(server, application))
  const links = (paths: Record<string, string>) =>
    linksBelow(`${server.url}${sdk.base}/applications/${main.id}`, paths)

  beforeAll(async () => {
    registry = await openRegistry({ 'left-pad': '1.3.0' })
    server = await startServer(registry.settings)
    main = server.main
    kitty = connect(main)
    Object.assign(world, { server, main, kitty, connect })
  })
  afterAll(async () => {
    await server.close()
    await registry.close()
  })

  describe('application', () => {
    it('is the one of the credentials', async () => {
      const { data, headers } = await kitty.Application.retrieveApplication()
      expect(headers['content-type']).toMatch(sdk.contentType)
      expect(data).toEqual({
        id: main.id,
        key: main.apiKey,
        properties: {},
        createdTime: aTime,
        _links: expect.objectContaining(links({ self: '', users: '/users', channels: '/channels' })),
      })
    })

    it('has settings, flat and under features', async () => {
      const toggles = { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' }
      const { data } = await kitty.Application.retrieveApplicationSettings()
      expect(data).toEqual({
        ...toggles,
        features: toggles,
        _links: links({ self: '/application/settings', application: '' }),
      })
    })

    it('accepts the settings as they were read, with one of them changed', async () => {
      const { data: settings } = await kitty.Application.retrieveApplicationSettings()
      const wanted = { ...settings, guestUsers: 'DISABLED' }
      const { data } = await kitty.Application.updateApplicationSettings(wanted)
      const toggles = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
      expect(data).toMatchObject({ ...toggles, features: toggles })
      expect((await kitty.Application.retrieveApplicationSettings()).data).toEqual(data)
    })
  })

  describe('users', () => {
    it('are created and retrieved with their own properties', async () => {
      const properties = { favouriteColour: 'red', pet_name: 'Tom', nested: { aB: [1] } }
      const { data } = await kitty.Users.createUser({
        name: 'jane@example.com',
        displayName: 'Jane Doe',
        isGuest: true,
        properties,
      })
      const path = `/users/${data.id}`
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'PERSON',
        name: 'jane@example.com',
        displayName: 'Jane Doe',
        displayPictureUrl: `${server.url}/v1/picture/Jane+Doe`,
        isGuest: true,
        callStatus: 'AVAILABLE',
        presence: { status: 'UNAVAILABLE', online: false },
        properties,
        _links: links({
          self: path,
          channels: `${path}/channels`,
          notifications: `${path}/notifications`,
          displayPicture: `${path}/display-picture`,
          application: '',
        }),
      })
      expect((await kitty.Users.retrieveUser(data.id)).data).toEqual(data)
    })

    it('are created once by checkUserExists().catch(createUser)', async () => {
      const john = { name: 'john+1@example.com', displayName: 'John', isGuest: false }
      const login = () => kitty.Users.checkUserExists(john.name).catch(() => kitty.Users.createUser(john))
      expect((await login()).data).toMatchObject({ name: john.name })
      expect(await login()).toMatchObject({ status: 200, data: '' })
      expect((await kitty.Users.listUsers(0, 25, undefined, john.name)).data.page.totalElements).toBe(1)
    })

    it('are found by name with size 0, as the Firebase extension does', async () => {
      const { id, name } = await createUser(main)
      await createUser(main, { name: `${name}-2` })
      const { data } = await kitty.Users.listUsers(0, 0, undefined, name)
      expect(data._embedded.users.map((user) => user.id)).toEqual([id])
      expect(data.page).toEqual({ size: 25, totalElements: 1, totalPages: 1, number: 0 })
      expect(data._links).toEqual({
        self: { href: `${server.url}${sdk.base}/users?name=${name}&page=0&size=25` },
      })
    })

    it('are changed by a merge patch, and unchanged without a body', async () => {
      const user = await createUser(main, { properties: { keep: 1, drop: 2 } })
      const patch = { displayName: 'New', presence: { status: 'Away' }, properties: { drop: null, add: 3 } }
      const { data } = await kitty.Users.updateUser(user.id, patch)
      expect(data).toMatchObject({
        displayName: 'New',
        isGuest: false,
        presence: { status: 'Away', online: false },
      })
      expect(data.properties).toEqual({ keep: 1, add: 3 })
      expect((await kitty.Users.updateUser(user.id)).data).toEqual(data)
    })

    it('have a display picture that is hosted elsewhere', async () => {
      const { id } = await createUser(main)
      const picture = {
        url: 'https://example.com/me.png',
        name: 'me.png',
        contentType: 'image/png',
        size: 1024,
      }
      const { data } = await kitty.Users.updateUserDisplayPicture(id, picture)
      expect(data).toEqual((await kitty.Users.retrieveUser(id)).data)
      expect(Object.values(data)).toContain(picture.url)
    })

    it('have channels and messages', async () => {
      const user = await createUser(main)
      const channel = await createChannel(main, { members: [{ id: user.id }] })
      const message = await sendMessage(main, channel.id, { user: { id: user.id } })
      await sendMessage(main, channel.id)
      const channels = (await kitty.Users.listUserChannels(user.id)).data._embedded.channels
      expect(channels).toEqual([(await kitty.Channels.retrieveChannel(channel.id)).data])
      const messages = (await kitty.Users.listUserMessages(user.id)).data._embedded.messages
      expect(messages).toEqual([(await kitty.Messages.retrieveMessage(message.id)).data])
    })

    it('have notifications, with their channel and message', async () => {
      const [author, reader] = [await createUser(main, { displayName: 'Ada' }), await createUser(main)]
      const channel = await createChannel(main, { members: [{ id: author.id }, { id: reader.id }] })
      const message = await sendMessage(main, channel.id, { body: 'Hi', user: { id: author.id } })
      await mustBeNotified(main, reader.id, 1)
      const { data } = await kitty.Users.listUserNotifications(reader.id)
      const [notification] = data._embedded.notifications
      expect(notification).toMatchObject({
        id: expect.any(Number),
        title: 'Ada sent a message',
        body: 'Hi',
        muted: false,
        createdTime: aTime,
        channel: { id: channel.id, displayName: channel.displayName },
        data: { type: 'USER:SENT:MESSAGE', channelId: channel.id, message: { id: message.id, body: 'Hi' } },
      })
      expect(notification?._links).toEqual(links({ recipient: `/users/${reader.id}`, application: '' }))
      expect(data.page).toMatchObject({ size: 25, start: String(notification?.id) })
    })

    it('are deleted, which answers with the application', async () => {
      const user = await createUser(main)
      expect((await kitty.Users.deleteUser(user.id)).data).toMatchObject({ id: main.id, key: main.apiKey })
      await expect(kitty.Users.retrieveUser(user.id)).rejects.toMatchObject(refusal(404, {}))
    })
  })

  describe('user secrets', () => {
    it('are set, read and removed under any name', async () => {
      const user = await createUser(main)
      const name = 'bank / account'
      const set = await kitty.Users.setUserSecret(user.id, name, { secret: { pin_code: 1, pinCode: 2 } })
      expect(set.data).toEqual((await kitty.Users.retrieveUser(user.id)).data)
      const kept = await kitty.Users.retrieveUserSecret(user.id, name)
      expect(kept.data.secret).toEqual({ pin_code: 1, pinCode: 2 })
      expect((await kitty.Users.removeUserSecret(user.id, name)).data).toMatchObject({ id: user.id })
      const gone = kitty.Users.retrieveUserSecret(user.id, name)
      await expect(gone).rejects.toMatchObject(refusal(404, { error: 'ResourceNotFoundError' }))
    })
  })

  describe('channels', () => {
    it('are created with creator and members, and retrieved', async () => {
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
      const user = await createUser(main)
      const members = new Set([{ id: user.id }])
      const { data } = await kitty.Channels.createChannel({ type: 'PUBLIC', members })
      expect((await kitty.Channels.listChannelMembers(data.id)).data._embedded.users).toEqual([])
      const direct = kitty.Channels.createChannel({ type: 'DIRECT', members })
      await expect(direct).rejects.toMatchObject(refusal(400, { field: 'members', code: 'missing_field' }))
    })

    it('are found by type, members, time and properties', async () => {
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
      const channel = await createChannel(main, { properties: { keep: 1, drop: 2 } })
      const patch = { displayName: 'New', properties: { drop: null } }
      const { data } = await kitty.Channels.updateChannel(channel.id, patch)
      expect(data).toMatchObject({ name: channel.name, displayName: 'New' })
      expect(data.properties).toEqual({ keep: 1 })
      expect((await kitty.Channels.updateChannel(channel.id)).data).toEqual(data)
    })

    it('accept events and keystrokes, which are returned as they were sent', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const event = { type: 'game.started', properties: { boardSize: 8 } }
      const sent = await kitty.Channels.sendChannelEvent(channel.id, event)
      expect(sent.data).toEqual({ ...event, _links: links({ application: '' }) })
      const keystrokes = { keys: 'Hel', user: { username: user.name } }
      const typed = await kitty.Channels.sendChannelKeystrokes(channel.id, keystrokes)
      expect(typed.data).toMatchObject({ keys: 'Hel', username: user.name })
    })

    it('are deleted with their messages, which answers with the application', async () => {
      const channel = await createChannel(main)
      const message = await sendMessage(main, channel.id)
      expect((await kitty.Channels.deleteChannel(channel.id)).data).toMatchObject({ id: main.id })
      await expect(kitty.Channels.retrieveChannel(channel.id)).rejects.toMatchObject(refusal(404, {}))
      await expect(kitty.Messages.retrieveMessage(message.id)).rejects.toMatchObject(refusal(404, {}))
    })
  })

  describe('channel members', () => {
    it('join and leave, which answers with the channel', async () => {
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

  describe('messages', () => {
    it('of a user show their author, mentions and links', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main, { name: 'ada' })]
      const { data } = await kitty.Channels.sendChannelMessage(channel.id, {
        type: 'TEXT',
        body: 'Hi <@ada>, see https://example.com',
        groupTag: 'greetings',
        properties: { isUrgent: true },
        user: { username: 'ada' },
      })
      const { _links, ...author } = (await kitty.Users.retrieveUser(user.id)).data
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'TEXT',
        channelId: channel.id,
        body: 'Hi <@ada>, see https://example.com',
        mentions: [{ type: 'USER', tag: '<@ada>', startPosition: 3, endPosition: 9, user: author }],
        links: [{ source: 'https://example.com', startPosition: 15, endPosition: 34 }],
        groupTag: 'greetings',
        nestedLevel: 0,
        properties: { isUrgent: true },
        createdTime: aTime,
        user: author,
        _links: links({
          self: `/messages/${data.id}`,
          user: `/users/${user.id}`,
          channel: `/channels/${channel.id}`,
          application: '',
        }),
      })
      expect((await kitty.Messages.retrieveMessage(data.id)).data).toEqual(data)
      const { _links: _, ...last } = data
      expect((await kitty.Channels.retrieveChannel(channel.id)).data.lastReceivedMessage).toEqual(last)
    })

    it('without a user are system messages', async () => {
      const channel = await createChannel(main)
      const { data } = await kitty.Channels.sendChannelMessage(channel.id, { type: 'TEXT', body: 'Welcome' })
      expect(data).toMatchObject({ type: 'SYSTEM_TEXT', body: 'Welcome', mentions: [], links: [] })
      expect(data).not.toHaveProperty('user')
      expect(Object.keys(data._links)).toEqual(['self', 'channel', 'application'])
    })

    it('may be files that are hosted elsewhere', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const file = { url: 'https://example.com/a.png', name: 'a.png', contentType: 'image/png', size: 42 }
      const send = async (message: object) =>
        (await kitty.Channels.sendChannelMessage(channel.id, { type: 'FILE', file, ...message })).data
      const sent = await send({ user: { id: user.id } })
      expect(sent).toMatchObject({ type: 'FILE', user: { id: user.id } })
      expect(sent.file).toEqual({ type: 'EXTERNAL', ...file })
      expect(await send({})).toMatchObject({ type: 'SYSTEM_FILE', file: { type: 'EXTERNAL', ...file } })
    })

    it('are found by author and text, in a channel and in the application', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const wanted = await sendMessage(main, channel.id, { body: 'The Needle', user: { id: user.id } })
      await sendMessage(main, channel.id, { body: 'needle' })
      await sendMessage(main, channel.id, { body: 'hay', user: { id: user.id } })
      const filters = [25, undefined, undefined, undefined, user.name, 'needle']
      const { Messages, Channels } = kitty
      const expected = [(await Messages.retrieveMessage(wanted.id)).data]
      const found = (await Channels.listChannelMessages(channel.id, ...filters)).data
      expect(found._embedded.messages).toEqual(expected)
      expect(found.page).toEqual({ size: 25, total: 1, start: String(wanted.id) })
      expect((await Messages.listMessages(...filters)).data._embedded.messages).toEqual(expected)
    })

    it('are edited by a merge patch, and not at all by one that is left out', async () => {
      const channel = await createChannel(main)
      const message = await sendMessage(main, channel.id, { properties: { keep: 1, drop: 2 } })
      const patch = { body: 'Edited', properties: { drop: null } }
      const { data } = await kitty.Messages.updateMessage(message.id, patch)
      expect(data).toMatchObject({ id: message.id, body: 'Edited', lastEditedTime: aTime })
      expect(data.properties).toEqual({ keep: 1 })
      expect((await kitty.Messages.updateMessage(message.id)).data).toEqual(data)
    })

    it('are deleted one by one, which returns their thread', async () => {
      const channel = await createChannel(main)
      const message = await sendMessage(main, channel.id)
      const { data } = await kitty.Messages.deleteMessage(message.id)
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'MAIN',
        properties: {},
        createdTime: aTime,
        _links: links({ self: `/threads/${data.id}`, channel: `/channels/${channel.id}`, application: '' }),
      })
      await expect(kitty.Messages.retrieveMessage(message.id)).rejects.toMatchObject(refusal(404, {}))
    })

    it('are deleted all at once, which answers with the application', async () => {
      const { application } = await populate(await server.createApplication())
      const { Messages } = connect(application)
      expect((await Messages.deleteMessages()).data).toMatchObject({ id: application.id })
      const { data } = await Messages.listMessages()
      expect(data._embedded.messages).toEqual([])
      expect(data.page).toEqual({ size: 25, total: 0 })
    })
  })

  describe('threads', () => {
    it('of a message have its id, and hold its replies', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const { id } = await sendMessage(main, channel.id)
      const { data: thread } = await kitty.Threads.retrieveThread(id)
      expect(thread).toEqual({
        id,
        type: 'MESSAGE',
        properties: {},
        createdTime: aTime,
        _links: links({ self: `/threads/${id}`, channel: `/channels/${channel.id}`, application: '' }),
      })
      const message = { type: 'TEXT', body: 'A reply', user: { id: user.id } }
      const { data: reply } = await kitty.Threads.sendThreadMessage(id, message)
      expect(reply).toMatchObject({ type: 'TEXT', channelId: channel.id, body: 'A reply', nestedLevel: 1 })
      const { data } = await kitty.Threads.listThreadMessages(id)
      expect(data._embedded.messages).toEqual([reply])
      expect((await kitty.Messages.retrieveMessage(id)).data.repliesCount).toBe(1)
    })

    it('accept keystrokes', async () => {
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const { id } = await sendMessage(main, channel.id)
      const { data } = await kitty.Threads.sendThreadKeystrokes(id, { keys: 'A re', user: { id: user.id } })
      expect(data).toMatchObject({ keys: 'A re', username: user.name })
    })
  })

  describe('reading', () => {
    it('shows who has read a message, and how many are unread', async () => {
      const application = await server.createApplication()
      const own = connect(application)
      const user = await createUser(application)
      const channel = await createChannel(application, { members: [{ id: user.id }] })
      const message = await sendMessage(application, channel.id)
      const unread = await sendMessage(application, channel.id)
      await readMessage(server, { userId: user.id, channelId: channel.id }, message.id)

      const { data: receipts } = await own.Messages.listMessageReadReceipts(message.id)
      expect(receipts._embedded.receipts).toMatchObject([{ createdTime: aTime, user: { id: user.id } }])
      expect(Object.keys(receipts._embedded.receipts[0]?._links ?? {})).toEqual([
        'user',
        'message',
        'application',
      ])

      const list = async (flag: boolean) => {
        const cursor = [25, undefined, undefined, undefined]
        const { data } = await own.Users.listUserMessages(user.id, ...cursor, flag)
        return data._embedded.messages.map(({ id }) => id)
      }
      expect(await list(true)).toEqual([unread.id])
      expect(await list(false)).toEqual([message.id])
    })
  })

  describe('sessions', () => {
    it('of devices and of chats are listed by state', async () => {
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

  describe('runtime', () => {
    it('shows dependencies, variables and script, and replaces each of them as a whole', async () => {
      const { Runtime } = connect(await server.createApplication())
      const { data: fresh } = await Runtime.retrieveNodejsRuntime()
      expect(fresh).toMatchObject({ id: expect.any(Number), type: 'NODEJS', version: expect.any(String) })
      expect(fresh.dependencies).toContainEqual({
        name: 'chatkitty-platform-sdk',
        version: expect.any(String),
        defaultDependency: true,
      })

      await Runtime.updateNodejsRuntimeDependencies([{ name: 'left-pad', version: '1.3.0' }])
      await Runtime.updateNodejsRuntimeEnvironmentVariables({ apiKey: 'a', API_KEY: 'b' })
      await Runtime.updateNodejsRuntimeInitializationScript({ script: 'const started = Date.now()' })
      const { data } = await Runtime.retrieveNodejsRuntime()
      expect(data.dependencies).toEqual([
        ...fresh.dependencies,
        { name: 'left-pad', version: '1.3.0', defaultDependency: false },
      ])
      expect(data.environmentVariables).toEqual({
        ...fresh.environmentVariables,
        apiKey: 'a',
        API_KEY: 'b',
      })
      expect(data.initializationScript).toEqual({ script: 'const started = Date.now()' })
      expect(Object.keys(data._links)).toEqual([
        'self',
        'dependencies',
        'initializationScript',
        'functions',
        'application',
      ])
    })
  })

  describe('functions', () => {
    it('are created from type and name alone, and listed', async () => {
      const { data } = await kitty.Runtime.createNodejsRuntimeFunction({
        type: 'user.attempted.start_session',
        name: 'Admit',
      })
      const path = `/functions/${data.id}`
      expect(data).toEqual({
        id: expect.any(Number),
        type: 'user.attempted.start_session',
        name: 'Admit',
        enabled: true,
        currentVersionNumber: 0,
        runtime: { id: expect.any(Number), type: 'NODEJS', version: expect.any(String) },
        _links: links({
          self: path,
          versions: `${path}/versions`,
          invocations: `${path}/invocations`,
          currentVersion: `${path}/current-version`,
          application: '',
        }),
      })
      expect((await kitty.Functions.retrieveFunction(data.id)).data).toEqual(data)
      const { data: list } = await kitty.Runtime.listNodejsRuntimeFunctions()
      expect(list._embedded.functions).toContainEqual(data)
    })

    it('have versions, of which the newest is current', async () => {
      const { Functions, FunctionVersions } = kitty
      const { id } = await createFunction(main)
      await expect(Functions.retrieveFunctionCurrentVersion(id)).rejects.toMatchObject(refusal(404, {}))
      const create = async (handlerScript: string) =>
        (await Functions.createFunctionVersion(id, { handlerScript })).data
      const first = await create('async function handleEvent() { return 1 }')
      const second = await create('async function handleEvent() { return 2 }')
      expect(second).toEqual({
        id: expect.any(Number),
        versionNumber: 2,
        handlerScript: 'async function handleEvent() { return 2 }',
        _links: links({ self: `/function-versions/${second.id}`, application: '' }),
      })
      expect((await Functions.retrieveFunctionCurrentVersion(id)).data).toEqual(second)
      expect((await FunctionVersions.retrieveFunctionVersion(first.id)).data).toEqual(first)
      expect((await Functions.listFunctionVersions(id)).data._embedded.versions).toEqual([second, first])
      expect((await Functions.retrieveFunction(id)).data.currentVersionNumber).toBe(2)
    })

    it('list their invocations with unchanged arguments and result', async () => {
      const { id } = await createFunction(main)
      const run = { args: { authParams: { a_b: 1 } }, result: { payload: { userId: 1 } } }
      await invokeFunction(server, id, run)
      const { data } = await kitty.Functions.listFunctionInvocations(id)
      expect(data._embedded.invocations).toEqual([
        {
          id: expect.any(Number),
          versionNumber: 1,
          status: 'SUCCEEDED',
          createdTime: aTime,
          ...run,
          logs: [],
          _links: links({ application: '' }),
        },
      ])
    })
  })

  describe('paging', () => {
    pagesThroughLists(
      async () => {
        const populated = await populate(await server.createApplication())
        const { Users, Channels, Messages } = connect(populated.application)
        const [userId, channelId] = [populated.users[0].id, populated.channels[0].id]
        return {
          populated,
          lists: {
            listUsers: (...page) => Users.listUsers(...page),
            listUserChannels: (...page) => Users.listUserChannels(userId, ...page),
            listUserMessages: (...cursor) => Users.listUserMessages(userId, ...cursor),
            listChannels: (...page) => Channels.listChannels(...page),
            listChannelMembers: (...page) => Channels.listChannelMembers(channelId, ...page),
            listChannelModerators: (...page) => Channels.listChannelModerators(channelId, ...page),
            listChannelMemberships: (...page) => Channels.listChannelMemberships(channelId, ...page),
            listChannelMessages: (...cursor) => Channels.listChannelMessages(channelId, ...cursor),
            listMessages: (...cursor) => Messages.listMessages(...cursor),
          },
        }
      },
      (elements, pages) => ({ totalElements: elements, totalPages: pages }),
    )

    it('keeps order and filters in the links', async () => {
      const jane = await createUser(main, { name: 'zoë & co' })
      for (const name of ['z1', 'z2']) await createChannel(main, { name, members: [{ id: jane.id }] })
      const members = new Set([jane.name])
      const first = (await kitty.Channels.listChannels(0, 1, ['name,desc'], 'PUBLIC', members)).data
      expect(first._embedded.channels).toMatchObject([{ name: 'z2' }])
      expect([...new URL(first._links.next?.href ?? '').searchParams]).toEqual([
        ['type', 'PUBLIC'],
        ['members', jane.name],
        ['page', '1'],
        ['size', '1'],
        ['sort', 'name,desc'],
      ])
    })
  })

  describe('spelling', () => {
    it(`is ${sdk.spelling} throughout, but for what is the customer’s`, async () => {
      const properties = { the_customers_own: true, theCustomersOwn: true }
      const user = await createUser(main, { properties })
      const channel = await createChannel(main, { creator: { id: user.id }, properties })
      await sendMessage(main, channel.id, { body: `<@${user.name}>`, user: { id: user.id }, properties })
      const { data } = await (sdk.raw(server, main) as Apis).Users.listUserChannels(user.id)
      const [found] = data._embedded.channels
      const others = sdk.spelling === 'snake_case' ? ['isGuest'] : ['_embedded', '_links']
      const isOther = sdk.spelling === 'snake_case' ? /[A-Z]/ : /_/
      expect([...new Set(keysOf(data).filter((key) => isOther.test(key)))]).toEqual(others)
      for (const owner of [[], ['creator'], [sdk.key('lastReceivedMessage')]]) {
        expect(found).toHaveProperty([...owner, 'properties'], properties)
      }
    })
  })

  describe('refusals', () => {
    it('answer 401 to a wrong secret', async () => {
      const stranger = connect({ ...main, clientSecret: 'wrong-secret' })
      const refused = { error: 'invalid_client', error_description: 'Bad client credentials' }
      await expect(stranger.Users.listUsers()).rejects.toMatchObject(refusal(401, refused))
    })

    it('answer 404 to unknown resources', async () => {
      const refused = refusal(404, { error: 'ResourceNotFoundError', timestamp: aTime })
      const user = await createUser(main)
      const channel = await createChannel(main)
      await expect(kitty.Users.retrieveUser(9_999_999)).rejects.toMatchObject(refused)
      await expect(kitty.Channels.removeChannelMember(channel.id, user.id)).rejects.toMatchObject(refused)
      await expect(kitty.Channels.addChannelMember(channel.id, { username: 'nobody' })).rejects.toMatchObject(
        refused,
      )
      await expect(kitty.Users.checkUserExists('nobody')).rejects.toMatchObject({ response: { status: 404 } })
    })

    it('answer 400 with resource, field as the SDK spells it, and code', async () => {
      const { name } = await createUser(main)
      const create = (user: object) => kitty.Users.createUser(user)
      const missing = {
        error: 'ClientError',
        resource: 'user',
        field: sdk.key('displayName'),
        code: 'missing_field',
      }
      await expect(create({ name: 'x', isGuest: false })).rejects.toMatchObject(refusal(400, missing))
      const taken = { error: 'ClientError', resource: 'user', field: 'name', code: 'already_exists' }
      await expect(create({ name, displayName: 'X', isGuest: false })).rejects.toMatchObject(
        refusal(400, taken),
      )
    })

    it('answer 400 where a direct channel would change its members', async () => {
      const [jane, john] = [await createUser(main), await createUser(main)]
      const direct = await createChannel(main, { type: 'DIRECT', members: [{ id: jane.id }] })
      const refused = refusal(400, { error: 'ClientError', resource: 'channel' })
      const { Channels } = kitty
      await expect(Channels.addChannelMember(direct.id, { id: john.id })).rejects.toMatchObject(refused)
      await expect(Channels.removeChannelMember(direct.id, jane.id)).rejects.toMatchObject(refused)
    })
  })

  describe('imports', () => {
    it('store users, channels, members and messages', async () => {
      const application = await server.createApplication()
      const kitty = connect(application)
      const done = async ({ status, data }: Awaited<ReturnType<Apis['Imports']['importUsers']>>) => {
        expect(status).toBe(202)
        expect(data).toMatchObject({ id: expect.any(Number), createdTime: aTime })
        expect(await endedJob(application, data.id)).toMatchObject({
          state: 'FINISHED',
          processed: 1,
          failed: 0,
        })
      }
      const jane = { name: 'jane', displayName: 'Jane', [sdk.importedGuest]: false, properties: { a_b: 1 } }
      await done(await kitty.Imports.importUsers(...sdk.importing([jane])))
      await done(
        await kitty.Imports.importChannels(
          ...sdk.importing([{ type: 'PUBLIC', name: 'lobby', members: [] }]),
        ),
      )
      const channelId = (await kitty.Channels.listChannels()).data._embedded.channels[0]?.id
      await done(
        await kitty.Imports.importChannelMembers(channelId, ...sdk.importing([{ username: 'jane' }])),
      )
      const message = { type: 'TEXT', channelId, body: 'Hi', user: 'jane' }
      await done(await kitty.Imports.importMessages(...sdk.importing([message])))

      const members = (await kitty.Channels.listChannelMembers(channelId)).data._embedded.users
      expect(members).toMatchObject([{ name: 'jane', properties: { a_b: 1 } }])
      const { messages } = (await kitty.Channels.listChannelMessages(channelId)).data._embedded
      expect(messages).toMatchObject([{ type: 'TEXT', body: 'Hi', user: { name: 'jane' } }])
    })
  })

  describe('jobs', () => {
    it('are listed and retrieved', async () => {
      const application = await server.createApplication()
      const kitty = connect(application)
      const { data: started } = await kitty.Imports.importUsers(...sdk.importing([]))
      await endedJob(application, started.id)
      const { data: job } = await kitty.Jobs.retrieveJob(started.id)
      expect(job).toMatchObject({ id: started.id, type: 'USER_IMPORT', endedTime: aTime })
      const { data: page } = await kitty.Jobs.listJobs(0, 25, undefined, false)
      expect(page._embedded.jobs).toEqual([job])
      expect(page.page.totalElements).toBe(1)
    })
  })

  return world
}
