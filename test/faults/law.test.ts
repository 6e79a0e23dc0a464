// The check of the fault rounds detects all violations.
import { expect, it } from 'vitest'
import { type Heard, judge, keptWithinMs, type Reading, type Stored, type Write } from './law.ts'

const write = (nth: number, outcome: Write['outcome'] = 'acknowledged', writer = 'ann'): Write => ({
  writer,
  nth,
  outcome,
  ...(outcome === 'acknowledged' && { id: nth }),
})
const heard = (nth: number, fields: Partial<Heard> = {}): Heard => ({
  id: nth,
  body: `ann ${nth}`,
  connection: 1,
  session: 1,
  by: 'event',
  ...fields,
})
const reading = (reader: string, ...all: (number | Heard)[]): Reading => ({
  reader,
  heard: all.map((each) => (typeof each === 'number' ? heard(each) : each)),
})
const stored = (...nths: number[]): Stored => ({
  history: nths.map((nth) => ({ id: nth, body: `ann ${nth}` })),
  total: nths.length,
  added: nths.length,
})
const killedAt = Date.now()

it.each<[string, Write[], Stored, Reading[]]>([
  ['a whole round', [write(1), write(2)], stored(1, 2), [reading('bob', 1, 2), reading('cy', 1, 2)]],
  ['a write without an answer, stored', [write(1, 'unknown')], stored(1), [reading('bob', 1)]],
  ['a write without an answer, not stored', [write(1, 'unknown')], stored(), [reading('bob')]],
  [
    'a late write that its writer gave up on',
    [write(1, 'unknown'), write(2)],
    {
      history: [
        { id: 2, body: 'ann 2' },
        { id: 3, body: 'ann 1' },
      ],
      total: 2,
      added: 2,
    },
    [reading('bob', heard(2), heard(3, { body: 'ann 1' }))],
  ],
  [
    'delivered again where the acknowledgement was lost with the connection',
    [write(1), write(2)],
    stored(1, 2),
    [reading('bob', heard(1), heard(1, { connection: 2 }), heard(2, { connection: 2 }))],
  ],
  [
    'delivered again where the process died before it had kept the acknowledgement',
    [write(1)],
    stored(1),
    [reading('bob', heard(1, { confirmedAt: killedAt - 100 }), heard(1, { connection: 2 }))],
  ],
  [
    'delivered again where the receipt of the acknowledgement arrived after the death of the process that sent it',
    [write(1)],
    stored(1),
    [
      reading(
        'bob',
        heard(1, { confirmedAt: killedAt + 5, endedAt: killedAt + 10 }),
        heard(1, { connection: 2 }),
      ),
    ],
  ],
  [
    'the rest read from the history after a refused resume',
    [write(1), write(2), write(3)],
    stored(1, 2, 3),
    [
      reading('bob', 1, 2, 3),
      reading(
        'cy',
        heard(1),
        heard(2, { session: 2, connection: 2, by: 'history' }),
        heard(3, { session: 2, connection: 2, by: 'history' }),
        heard(3, { session: 2, connection: 2 }),
      ),
    ],
  ],
])('the recorded history satisfies the guarantees: %s', (_, writes, history, readings) => {
  expect(judge(writes, history, readings, [{ at: killedAt }])).toEqual([])
})

it.each<[string, RegExp, Write[], Stored, Reading[]]>([
  ['an acknowledged write is lost', /"ann 2".* is lost/, [write(1), write(2)], stored(1), []],
  [
    'a write is stored twice',
    /stored 2 times/,
    [write(1, 'unknown')],
    {
      history: [
        { id: 1, body: 'ann 1' },
        { id: 2, body: 'ann 1' },
      ],
      total: 2,
      added: 2,
    },
    [],
  ],
  [
    'a write has another id than its answer said',
    /stored as 7/,
    [write(1)],
    { history: [{ id: 7, body: 'ann 1' }], total: 1, added: 1 },
    [],
  ],
  ['a message comes from nowhere', /nobody wrote/, [], stored(1), []],
  ['a count is wrong', /1 messages are counted as 2/, [write(1)], { ...stored(1), total: 2, added: 2 }, []],
  ['the history is out of order', /"ann 1" comes after "ann 2"/, [write(1), write(2)], stored(2, 1), []],
  [
    'a reader misses a message',
    /bob was never delivered of "ann 2"/,
    [write(1), write(2)],
    stored(1, 2),
    [reading('bob', 1)],
  ],
  [
    'a reader hears of what is not stored',
    /not stored/,
    [write(1, 'unknown')],
    stored(),
    [reading('bob', 1)],
  ],
  [
    'a reader hears it twice on one connection',
    /delivered twice/,
    [write(1)],
    stored(1),
    [reading('bob', 1, 1)],
  ],
  [
    'a reader hears again what the server knows to be acknowledged',
    /delivered again of "ann 1"/,
    [write(1)],
    stored(1),
    [
      reading(
        'bob',
        heard(1, { confirmedAt: killedAt + 1, endedAt: killedAt + 5_000 }),
        heard(1, { connection: 2 }),
      ),
    ],
  ],
  [
    'a reader hears again what was acknowledged long before the process died',
    /delivered again of "ann 1"/,
    [write(1)],
    stored(1),
    [reading('bob', heard(1, { confirmedAt: killedAt - keptWithinMs - 1 }), heard(1, { connection: 2 }))],
  ],
  [
    'a reader hears out of order',
    /bob, "ann 1" comes after/,
    [write(1), write(2)],
    stored(1, 2),
    [reading('bob', 2, 1)],
  ],
  [
    'readers disagree about the order of two writers',
    /the other way round/,
    [write(1), { ...write(1, 'acknowledged', 'eve'), id: 2 }],
    {
      history: [
        { id: 1, body: 'ann 1' },
        { id: 2, body: 'eve 1' },
      ],
      total: 2,
      added: 2,
    },
    [
      reading('bob', heard(1), heard(2, { body: 'eve 1' })),
      reading('cy', heard(2, { body: 'eve 1' }), heard(1)),
    ],
  ],
])('a violation is detected where %s', (_, line, writes, history, readings) => {
  expect(judge(writes, history, readings, [{ at: killedAt }])).toEqual(
    expect.arrayContaining([expect.stringMatching(line)]),
  )
})
