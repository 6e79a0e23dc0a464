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
