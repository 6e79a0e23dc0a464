import { describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { pagesThroughLists } from '../paging.ts'
import { keysOf, populate } from '../support.ts'
import type { Apis, Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeLists(sdk: Sdk, world: World): void {
  describe('paging', () => {
    pagesThroughLists(
      async () => {
        const { server, connect } = world
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
      const { main, kitty } = world
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
      const { server, main } = world
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
}
