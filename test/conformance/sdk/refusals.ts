import { describe, expect, it } from 'vitest'
import { createChannel, createUser } from '../../support/factories.ts'
import { aTime, refusal } from '../support.ts'
import type { Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeRefusals(sdk: Sdk, world: World): void {
  describe('refusals', () => {
    it('answer 401 to a wrong secret', async () => {
      const { main, connect } = world
      const stranger = connect({ ...main, clientSecret: 'wrong-secret' })
      const refused = { error: 'invalid_client', error_description: 'Bad client credentials' }
      await expect(stranger.Users.listUsers()).rejects.toMatchObject(refusal(401, refused))
    })

    it('answer 404 to unknown resources', async () => {
      const { main, kitty } = world
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
      const { main, kitty } = world
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
      const { main, kitty } = world
      const [jane, john] = [await createUser(main), await createUser(main)]
      const direct = await createChannel(main, { type: 'DIRECT', members: [{ id: jane.id }] })
      const refused = refusal(400, { error: 'ClientError', resource: 'channel' })
      const { Channels } = kitty
      await expect(Channels.addChannelMember(direct.id, { id: john.id })).rejects.toMatchObject(refused)
      await expect(Channels.removeChannelMember(direct.id, jane.id)).rejects.toMatchObject(refused)
    })
  })
}
