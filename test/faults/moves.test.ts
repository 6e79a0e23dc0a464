// Sessions that move between processes that cannot reach each other.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cloneDatabase } from '../support/server.ts'
import { Device } from './device.ts'
import { type Instance, Stage } from './stage.ts'

it('a session that moved to another process and back receives nothing twice', async () => {
  const database = await cloneDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-moves-'))
  const stage = await Stage.open(async (stage) => {
    stage.defer(() => rm(folder, { recursive: true, force: true }))
    stage.defer(() => database.drop())
    Object.assign(stage.settings, { DATABASE_URL: database.url, CHATTERIE_ENCRYPTION_KEY: '5a'.repeat(32) })
    for (const name of ['first', 'second']) await stage.addServer(join(folder, name))
  })
  const [first, second] = stage.instances as [Instance, Instance]
  await stage.create('/users', { name: 'mover', displayName: 'Mover', isGuest: false })
  const members = [{ username: 'mover' }]
  const { id: channelId } = await stage.create('/channels', { type: 'PUBLIC', name: 'moves', members })
  const { url } = first.network
  const readHistory = async () => []
  const device = new Device({
    url,
    apiKey: stage.apiKey,
    username: 'mover',
    channelId,
    readHistory,
    backMs: 50,
  })
  try {
    await device.open()
    const ids: number[] = []
    for (const [at, server] of [first, second, first].map(({ server }) => server).entries()) {
      first.network.leadTo(server.url)
      first.network.cut()
      await expect.poll(() => device.resumed).toBe(at + 1)
      const { id } = await stage.create(`/channels/${channelId}/messages`, {
        type: 'TEXT',
        body: 'Still there?',
      })
      ids.push(id)
      const isTaken = () => device.heard.find((each) => each.id === id)?.confirmedAt
      await expect.poll(isTaken).toBeGreaterThan(0)
    }
    expect(device.heard.map(({ id }) => id)).toEqual(ids)
  } finally {
    await device.close()
    await stage.close()
  }
})
