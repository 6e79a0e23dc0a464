import { describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { aTime, mustBeNotified, refusal } from '../support.ts'
import type { Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeUsers(sdk: Sdk, world: World): void {
  describe('users', () => {
    it('are created and retrieved with their own properties', async () => {
      const { server, kitty, links } = world
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
      const { kitty } = world
      const john = { name: 'john+1@example.com', displayName: 'John', isGuest: false }
      const login = () => kitty.Users.checkUserExists(john.name).catch(() => kitty.Users.createUser(john))
      expect((await login()).data).toMatchObject({ name: john.name })
      expect(await login()).toMatchObject({ status: 200, data: '' })
      expect((await kitty.Users.listUsers(0, 25, undefined, john.name)).data.page.totalElements).toBe(1)
    })

    it('are found by name with size 0, as the Firebase extension does', async () => {
      const { server, main, kitty } = world
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
      const { main, kitty } = world
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
      const { main, kitty } = world
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
      const { main, kitty } = world
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
      const { main, kitty, links } = world
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
      const { main, kitty } = world
      const user = await createUser(main)
      expect((await kitty.Users.deleteUser(user.id)).data).toMatchObject({ id: main.id, key: main.apiKey })
      await expect(kitty.Users.retrieveUser(user.id)).rejects.toMatchObject(refusal(404, {}))
    })
  })

  describe('user secrets', () => {
    it('are set, read and removed under any name', async () => {
      const { main, kitty } = world
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
}
