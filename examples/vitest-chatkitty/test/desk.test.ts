import { test as base, expect } from 'chatterie/testing/vitest'
import { Desk } from '../src/desk.ts'
import { people } from './people.ts'

const test = base.extend('worldOptions', { seed: people })

test('a ticket opens with its subject and holds what was answered', async ({ world }) => {
  const desk = new Desk(world)
  const ticket = await desk.openTicket('carl', 'ann', 'My parcel is lost')
  await desk.reply(ticket, 'ann', 'Which one?', 'reply-1')
  expect(await desk.transcript(ticket)).toEqual(['(Ticket opened: My parcel is lost)', 'ann: Which one?'])
})

test('a ticket is between its customer and its agent alone', async ({ world }) => {
  await new Desk(world).openTicket('carl', 'ann', 'My parcel is lost')
  const { requestBody } = await world.expect({ kind: 'request', operation: 'createChannel' })
  expect(requestBody).toMatchObject({ type: 'PRIVATE', members: [{ username: 'carl' }, { username: 'ann' }] })
})

test('a ticket for nobody is refused', async ({ world }) => {
  await expect(new Desk(world).openTicket('nobody', 'ann', 'Hello?')).rejects.toThrow(/404|400/)
  await world.expectNone({ kind: 'request', operation: 'sendChannelMessage' }, { forMs: 50 })
})
