import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelDocument } from '../support/documents.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { expectRefusal } from '../support/protects.ts'
import { shareServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

describe('listChannels', () => {
  const named = async (application: TestApplication, query: string) => {
    const { body } = await application.get(`/channels?${query}`).expect(200)
    expect(body.page.totalElements).toBe(body._embedded.channels.length)
    return body._embedded.channels.map(({ name }: ChannelDocument) => name)
  }

  it('sorts by name whatever its case', async () => {
    const application = await server.createApplication()
    for (const name of ['b', 'C', 'a']) await createChannel(application, { name })
    expect(await named(application, '')).toEqual(['a', 'b', 'C'])
    expect(await named(application, 'sort=name,desc')).toEqual(['C', 'b', 'a'])
  })

  it('finds channels by type', async () => {
    const application = await server.createApplication()
    const user = await createUser(application)
    await createChannel(application, { type: 'PUBLIC', name: 'open' })
    await createChannel(application, { type: 'PRIVATE', name: 'closed' })
    await createChannel(application, { type: 'DIRECT', members: [{ id: user.id }] })
    expect(await named(application, 'type=PUBLIC')).toEqual(['open'])
    expect(await named(application, 'type=PRIVATE')).toEqual(['closed'])
    expect(await named(application, 'type=DIRECT')).toEqual([undefined])
    expectRefusal(await application.get('/channels?type=OPEN'), 400)
  })

  it('finds channels that have all the members asked for, repeated or joined by commas', async () => {
    const application = await server.createApplication()
    for (const name of ['ann', 'ben']) await createUser(application, { name })
    await createChannel(application, { name: 'both', members: [{ username: 'ann' }, { username: 'ben' }] })
    await createChannel(application, { name: 'one', members: [{ username: 'ann' }] })
    expect(await named(application, 'members=ann')).toEqual(['both', 'one'])
    expect(await named(application, 'members=ann&members=ben')).toEqual(['both'])
    expect(await named(application, 'members=ann%2Cben')).toEqual(['both'])
    expect(await named(application, 'members=ann,nobody')).toEqual([])
  })

  it('finds channels by the time of their creation, ends included', async () => {
    const application = await server.createApplication()
    const first = await createChannel(application, { name: 'first' })
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(first.createdTime))
    const second = await createChannel(application, { name: 'second' })
    expect(await named(application, `startTime=${first.createdTime}&endTime=${first.createdTime}`)).toEqual([
      'first',
    ])
    expect(await named(application, `startTime=${second.createdTime}`)).toEqual(['second'])
    expect(await named(application, `endTime=${first.createdTime}`)).toEqual(['first'])
    const elsewhere = new Date(Date.parse(second.createdTime) + 7_200_000)
      .toISOString()
      .replace('Z', '+02:00')
    expect(await named(application, `startTime=${encodeURIComponent(elsewhere)}`)).toEqual(['second'])
    const answer = await application.get('/channels?endTime=yesterday')
    expectRefusal(answer, 400)
    expect(answer.body).toMatchObject({ resource: 'channel', field: 'endTime', code: 'invalid' })
  })

  it('finds channels by properties, as JSON and as pairs', async () => {
    const application = await server.createApplication()
    await createChannel(application, {
      name: 'a',
      properties: { topic: 'tea', deep: { x: [1, 2], y_z: true } },
    })
    await createChannel(application, { name: 'b', properties: { topic: 'tea' } })
    const by = (properties: string) => named(application, `properties=${encodeURIComponent(properties)}`)
    expect(await by('{"deep":{"x":[2]}}')).toEqual(['a'])
    expect(await by('{"deep":{"y_z":true}}')).toEqual(['a'])
    expect(await by('topic:tea')).toEqual(['a', 'b'])
    expect(await by('{}')).toEqual(['a', 'b'])
    expect(await by('topic:coffee')).toEqual([])
  })

  it('combines filters', async () => {
    const application = await server.createApplication()
    await createUser(application, { name: 'ann' })
    const members = [{ username: 'ann' }]
    await createChannel(application, { name: 'a', type: 'PRIVATE', members, properties: { x: 1 } })
    await createChannel(application, { name: 'b', type: 'PUBLIC', members, properties: { x: 1 } })
    await createChannel(application, { name: 'c', type: 'PRIVATE', members })
    expect(await named(application, 'type=PRIVATE&members=ann&properties=x:1')).toEqual(['a'])
  })
})
