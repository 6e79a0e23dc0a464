// What others are told while a user types.
import { expect, it } from 'vitest'
import type { Alarm, Clock } from '#clock/clock.ts'
import { Typing } from '#realtime/typing.ts'
import type { PublishedEvent } from '#resources/published-event.ts'
import type { User } from '#resources/user.ts'

const user: User = {
  id: 7,
  type: 'PERSON',
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: '/v1/picture/jane',
  isGuest: false,
  presence: { status: 'AVAILABLE', online: true },
  properties: {},
}

/** A user who types in the channel's main thread 1 and its thread 2, and what has been published since the last look. */
function openTyping() {
  const alarms = new Set<() => void>()
  const clock: Clock = {
    state: { offsetMs: 0 },
    now: () => 0,
    after(_ms, work): Alarm {
      alarms.add(work)
      return { cancel: () => alarms.delete(work) }
    },
    onMove() {},
  }
  const published: PublishedEvent[] = []
  const typing = new Typing(clock, (event) => published.push(event))
  return {
    typing,
    type: (threadId: 1 | 2, keys: string) =>
      typing.typed({ applicationId: 1, channelId: 3, threadId, isMain: threadId === 1, user, keys }),
    pause: () => {
      for (const work of [...alarms]) work()
    },
    look: () =>
      published
        .splice(0)
        .flatMap(({ deliveries }) => deliveries)
        .filter(({ type }) => type !== 'thread.keystrokes.created')
        .map(({ to, type }) => `${type} ${to.topic}`),
  }
}

const main = '/topic/channels/3.typing'
const thread = '/topic/threads/2.typing'

it('members are told once that a user types, in however many threads of a channel, and once that they have stopped', () => {
  const { type, look } = openTyping()
  type(1, 'H')
  expect(look()).toEqual([`thread.typing.started ${main}`, 'participant.typing.started participants'])
  type(1, 'He')
  expect(look()).toEqual([])
  type(2, 'Y')
  expect(look()).toEqual([`thread.typing.started ${thread}`])
  type(1, '')
  expect(look()).toEqual([`thread.typing.stopped ${main}`])
  type(1, '')
  expect(look()).toEqual([])
  type(2, '')
  expect(look()).toEqual([`thread.typing.stopped ${thread}`, 'participant.typing.stopped participants'])
  type(2, 'Y')
  expect(look()).toEqual([`thread.typing.started ${thread}`, 'participant.typing.started participants'])
})

it.each([
  ['sends a message', 'stop'],
  ['pauses', 'pause'],
  ['goes offline', 'offline'],
] as const)('a user who %s has stopped in each thread', (_, how) => {
  const { typing, type, pause, look } = openTyping()
  type(1, 'H')
  type(2, 'Y')
  look()
  typing.stop(user.id, 4)
  expect(look()).toEqual([])
  if (how === 'stop') typing.stop(user.id, 3)
  else if (how === 'offline') typing.stop(user.id)
  else pause()
  expect(look()).toEqual([
    `thread.typing.stopped ${main}`,
    `thread.typing.stopped ${thread}`,
    'participant.typing.stopped participants',
  ])
  typing.stop(user.id, 3)
  pause()
  expect(look()).toEqual([])
})
