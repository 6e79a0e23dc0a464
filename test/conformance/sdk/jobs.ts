import { describe, expect, it } from 'vitest'
import { endedJob } from '../../support/jobs.ts'
import { aTime } from '../support.ts'
import type { Apis, Sdk } from './sdk.ts'
import type { World } from './world.ts'

export function describeJobs(sdk: Sdk, world: World): void {
  describe('imports', () => {
    it('store users, channels, members and messages', async () => {
      const { server, connect } = world
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
      const { server, connect } = world
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
}
