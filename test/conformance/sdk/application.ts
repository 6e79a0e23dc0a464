import { describe, expect, it } from 'vitest'
import { aTime } from '../support.ts'
import type { Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeApplication(sdk: Sdk, world: World): void {
  describe('application', () => {
    it('is the one of the credentials', async () => {
      const { main, kitty, links } = world
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
      const { kitty, links } = world
      const toggles = { guestUsers: 'ENABLED', userCreatedChannels: 'ENABLED' }
      const { data } = await kitty.Application.retrieveApplicationSettings()
      expect(data).toEqual({
        ...toggles,
        features: toggles,
        _links: links({ self: '/application/settings', application: '' }),
      })
    })

    it('accepts the settings as they were read, with one of them changed', async () => {
      const { kitty } = world
      const { data: settings } = await kitty.Application.retrieveApplicationSettings()
      const wanted = { ...settings, guestUsers: 'DISABLED' }
      const { data } = await kitty.Application.updateApplicationSettings(wanted)
      const toggles = { guestUsers: 'DISABLED', userCreatedChannels: 'ENABLED' }
      expect(data).toMatchObject({ ...toggles, features: toggles })
      expect((await kitty.Application.retrieveApplicationSettings()).data).toEqual(data)
    })
  })
}
