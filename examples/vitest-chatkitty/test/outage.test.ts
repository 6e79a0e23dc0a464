import { test as base, expect } from 'chatterie/testing/vitest'
import { Desk } from '../src/desk.ts'
import { people } from './people.ts'

const test = base.extend('worldOptions', { seed: people })

test('a reply is sent again when the API is away for a moment', async ({ world }) => {
  const desk = new Desk(world)
  const ticket = await desk.openTicket('carl', 'ann', 'My parcel is lost')
  const outage = await world.fail({ operation: 'sendChannelMessage' }, { status: 503, times: 2 })
  await desk.reply(ticket, 'ann', 'Which one?', 'reply-1')
  expect((await outage.current()).hits).toBe(2)
  expect(await desk.transcript(ticket)).toContain('ann: Which one?')
})

test('a reply whose answer was lost is not sent twice', async ({ world }) => {
  const desk = new Desk(world)
  const ticket = await desk.openTicket('carl', 'ann', 'My parcel is lost')
  await world.fail({ operation: 'sendChannelMessage' }, { reset: true, after: true, times: 1 })
  await desk.reply(ticket, 'ann', 'Which one?', 'reply-1')
  expect((await desk.transcript(ticket)).filter((line) => line.startsWith('ann'))).toHaveLength(1)
})

test('a reply that is refused is not tried again', async ({ world }) => {
  const desk = new Desk(world)
  const ticket = await desk.openTicket('carl', 'ann', 'My parcel is lost')
  const refusal = await world.fail({ operation: 'sendChannelMessage' }, { status: 403 })
  await expect(desk.reply(ticket, 'ann', 'Which one?', 'reply-1')).rejects.toThrow('403')
  expect((await refusal.current()).hits).toBe(1)
})

test('a slow answer is waited for', async ({ world }) => {
  const desk = new Desk(world)
  const ticket = await desk.openTicket('carl', 'ann', 'My parcel is lost')
  await world.fail({ operation: 'sendChannelMessage' }, { delayMs: 100 })
  await desk.reply(ticket, 'ann', 'Which one?', 'reply-1')
  const sent = await world.expect({ kind: 'request', requestBody: { body: 'Which one?' } })
  expect(sent.durationMs).toBeGreaterThanOrEqual(100)
})
