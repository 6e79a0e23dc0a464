import { test as base, expect } from 'chatterie/testing/vitest'
import { Desk } from '../src/desk.ts'
import { Widget } from '../src/widget.ts'
import { people } from './people.ts'

/** A ticket that its customer has open. */
const test = base
  .extend('worldOptions', { seed: people })
  .extend('ticket', async ({ world }) => new Desk(world).openTicket('carl', 'ann', 'My parcel is lost'))
  .extend('widget', async ({ world, ticket }, { onCleanup }) => {
    const { apiKey, environment } = world
    const widget = await Widget.open({ apiKey, environment, username: 'carl', channelId: ticket.channelId })
    onCleanup(() => widget.close())
    return widget
  })

test('shows what the desk answers', async ({ world, ticket, widget }) => {
  await new Desk(world).reply(ticket, 'ann', 'Which one?', 'reply-1')
  await expect.poll(() => widget.lines).toEqual(['ann: Which one?'])
})

test('says what the customer writes', async ({ world, ticket, widget }) => {
  await widget.say('The blue one')
  await expect
    .poll(() => new Desk(world).transcript(ticket))
    .toEqual(['(Ticket opened: My parcel is lost)', 'carl: The blue one'])
})

test('shows that an agent is there and types, and stops after a while', async ({
  chatterie,
  world,
  ticket,
  widget,
}) => {
  const { apiKey, environment } = world
  const agent = await Widget.open({ apiKey, environment, username: 'ann', channelId: ticket.channelId })
  await expect.poll(() => [...widget.present]).toContain('ann')
  await agent.draft('Whi')
  await expect.poll(() => [...widget.typing]).toEqual(['ann'])
  await chatterie.clock.advance({ seconds: 10 })
  await expect.poll(() => [...widget.typing]).toEqual([])
  await agent.close()
})

test('shows an agent who has no client: it is there, types and answers', async ({
  world,
  ticket,
  widget,
}) => {
  const ann = await world.actor('ann')
  await ann.startChat(ticket.channelId)
  await expect.poll(() => [...widget.present]).toContain('ann')
  await ann.type(ticket.channelId, 'Whi')
  await expect.poll(() => [...widget.typing]).toEqual(['ann'])
  await ann.send(ticket.channelId, 'Which one?')
  await expect.poll(() => widget.lines).toEqual(['ann: Which one?'])
  await ann.endChat(ticket.channelId)
  await expect.poll(() => [...widget.present]).not.toContain('ann')
})

test('misses nothing when its connection is lost', { timeout: 30_000 }, async ({ world, ticket, widget }) => {
  const cut = await world.fail({ frame: 'MESSAGE', username: 'carl' }, { disconnect: true, times: 1 })
  const desk = new Desk(world)
  await desk.reply(ticket, 'ann', 'Which one?', 'reply-1') // what tells carl of it is lost with the connection
  await expect.poll(async () => (await cut.current()).hits).toBe(1)
  await desk.reply(ticket, 'ann', 'Are you there?', 'reply-2')
  await expect
    .poll(() => widget.lines, { timeout: 20_000 })
    .toEqual(['ann: Which one?', 'ann: Are you there?'])
})
