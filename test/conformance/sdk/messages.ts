import { describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { aTime, populate, readMessage, refusal } from '../support.ts'
import type { World } from './world.ts'

export function describeMessages(world: World): void {
  describe('messages', () => {
    it('of a user show their author, mentions and links', async () => {
      const { main, kitty, links } = world
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
      const { main, kitty } = world
      const channel = await createChannel(main)
      const { data } = await kitty.Channels.sendChannelMessage(channel.id, { type: 'TEXT', body: 'Welcome' })
      expect(data).toMatchObject({ type: 'SYSTEM_TEXT', body: 'Welcome', mentions: [], links: [] })
      expect(data).not.toHaveProperty('user')
      expect(Object.keys(data._links)).toEqual(['self', 'channel', 'application'])
    })

    it('may be files that are hosted elsewhere', async () => {
      const { main, kitty } = world
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
      const { main, kitty } = world
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
      const { main, kitty } = world
      const channel = await createChannel(main)
      const message = await sendMessage(main, channel.id, { properties: { keep: 1, drop: 2 } })
      const patch = { body: 'Edited', properties: { drop: null } }
      const { data } = await kitty.Messages.updateMessage(message.id, patch)
      expect(data).toMatchObject({ id: message.id, body: 'Edited', lastEditedTime: aTime })
      expect(data.properties).toEqual({ keep: 1 })
      expect((await kitty.Messages.updateMessage(message.id)).data).toEqual(data)
    })

    it('are deleted one by one, which returns their thread', async () => {
      const { main, kitty, links } = world
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
      const { server, connect } = world
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
      const { main, kitty, links } = world
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
      const { main, kitty } = world
      const [channel, user] = [await createChannel(main), await createUser(main)]
      const { id } = await sendMessage(main, channel.id)
      const { data } = await kitty.Threads.sendThreadKeystrokes(id, { keys: 'A re', user: { id: user.id } })
      expect(data).toMatchObject({ keys: 'A re', username: user.name })
    })
  })

  describe('reading', () => {
    it('shows who has read a message, and how many are unread', async () => {
      const { server, connect } = world
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
}
