// What clients of the real-time API send: frames that follow the protocol, and frames that break it.
import fc from 'fast-check'
import { z } from 'zod'
import { openRouter } from '#realtime/table.ts'
import { channelBlockRecordHypermedia, channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia, userBlockedRecordHypermedia, userHypermedia } from '#resources/user.ts'
import { type Carrier, carriers } from './lines.ts'
import { damaged, hostileText, mostly, type Schema, valuesOf } from './values.ts'
import type { World } from './world.ts'

/** The script of one client. */
export interface Script {
  carrier: Carrier
  apiKey: string
  connect: Buffer
  steps: Buffer[]
  /** Whether the server may take some of its bytes for the beginning of an unfinished frame. */
  isOpenEnded: boolean
  /** How the client disconnects. */
  ending: 'ask' | 'cut' | 'disconnect'
}

const all = [
  currentUserHypermedia,
  userHypermedia,
  userBlockedRecordHypermedia,
  channelHypermedia,
  channelBlockRecordHypermedia,
  messageHypermedia,
  threadHypermedia,
]
const patternsOf = (kind: 'relays' | 'topics' | 'actions') =>
  all.flatMap((each) =>
    Object.values(each[kind] as Record<string, { pattern: string }>).map(({ pattern }) => pattern),
  )
const reads = [...patternsOf('relays'), ...patternsOf('topics'), '/user/queue/errors']
const actions = patternsOf('actions')
const router = openRouter()

/** The schemas of the bodies of actions. */
const bodies = new Map(
  actions.map((pattern) => {
    const action = router.action(pattern.replaceAll(/\{\w+\}/g, () => '1'))
    const schema =
      action && z.toJSONSchema(action.target.body, { io: 'input', unrepresentable: 'any', reused: 'inline' })
    return [pattern, (schema ?? {}) as Schema]
  }),
)

type Headers = [name: string, value: string][]

const escapes: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', ':': '\\c' }
const escaped = (text: string) => text.replace(/[\\\n\r:]/g, (character) => escapes[character] ?? '')

function frameOf(command: string, headers: Headers, body: Buffer): Buffer {
  const lines = headers.map(([name, value]) => `${escaped(name)}:${escaped(value)}\n`)
  return Buffer.concat([Buffer.from(`${command}\n${lines.join('')}\n`), body, Buffer.from('\u0000')])
}

/** Replaces the placeholders of a pattern. */
function destinationOf(pattern: string, world: World): fc.Arbitrary<string> {
  const [, collection = 'users'] =
    /\/(users|channels|messages|threads|user\.blocked_records)\//.exec(pattern) ?? []
  const tail = fc.oneof(
    { weight: 8, arbitrary: fc.constant('') },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.nat({ max: 3 }), fc.constantFrom('', '5', '0', '999999'))
        .map(([page, size]) => `.page.${page}.size.${size}.sort.`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(world.id('messages'), fc.constantFrom('SELF', 'NEXT', 'PREVIOUS'))
        .map(([start, relation]) => `.start.${start}.next.${start}.size.5.relation.${relation}`),
    },
    { weight: 1, arbitrary: hostileText },
  )
  const version = mostly(fc.constant(''), fc.constantFrom('v1/', 'v2/', '../'))
  return fc
    .tuple(world.pathId(collection), world.pathId('blocks'), tail, version)
    .map(([id, record, end, before]) => {
      const filled = pattern.replace(/\{(id|channelId)\}/, () => id).replace(/\{\w+\}/, () => record)
      return (pattern.includes('.relay') ? filled + end : filled).replace(
        '/application/',
        () => `/application/${before}`,
      )
    })
}

const filters: fc.Arbitrary<Headers> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'channelId',
      'displayName',
      'startCursor',
      'endCursor',
      'type',
      'unread',
      'username',
      'name',
      'online',
      'mainThread',
      'subscribable',
    ),
    fc.oneof(fc.constantFrom('true', 'false', '1', 'undefined', 'FILE', ''), hostileText),
  ),
  { maxLength: 2 },
)

function steps(world: World): fc.Arbitrary<Buffer> {
  const id = mostly(
    fc.nat({ max: 40 }).map((n) => `s${n}`),
    hostileText,
  )
  const receipt: fc.Arbitrary<Headers> = fc
    .option(id, { nil: undefined })
    .map((value) => (value === undefined ? [] : [['receipt', `r${value}`]]))
  const destination = (patterns: string[]) =>
    mostly(
      fc.constantFrom(...patterns).chain((pattern) => destinationOf(pattern, world)),
      hostileText,
      30,
    )
  const nothing = Buffer.alloc(0)
  const subscribe = fc
    .tuple(
      id,
      destination(reads),
      receipt,
      filters,
      fc.constantFrom('auto', 'client-individual', 'client-individual', 'client'),
    )
    .map(([name, to, more, filter, ack]) =>
      frameOf('SUBSCRIBE', [['id', name], ['destination', to], ['ack', ack], ...more, ...filter], nothing),
    )
  const send = fc
    .constantFrom(...actions)
    .chain((pattern) =>
      fc.tuple(
        destinationOf(pattern, world),
        valuesOf(bodies.get(pattern) ?? {}, { resolve: () => ({}), id: world.id('users') }),
        receipt,
      ),
    )
    .chain(([to, value, more]) => {
      // In a frame without content-length, NUL would end the body.
      const text = Buffer.from(JSON.stringify(value) ?? '')
      const body = mostly(
        fc.constant(text),
        damaged(text).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0))),
      )
      return body.map((bytes) =>
        frameOf('SEND', [['destination', to], ['content-type', 'application/json'], ...more], bytes),
      )
    })
  const small = fc
    .tuple(
      fc.constantFrom('UNSUBSCRIBE', 'ACK', 'NACK'),
      fc.oneof(id, fc.nat({ max: 30 }).map(String)),
      receipt,
    )
    .map(([command, name, more]) => frameOf(command, [['id', name], ...more], nothing))
  const odd = fc
    .tuple(
      fc.constantFrom('BEGIN', 'CONNECT', 'STOMP', 'CONNECTED', 'send', '', '\ufdd0'),
      fc.array(fc.tuple(hostileText, hostileText), { maxLength: 3 }),
      hostileText,
    )
    .map(([command, headers, body]) => frameOf(command, headers, Buffer.from(body)))
  return fc.oneof(
    { weight: 12, arbitrary: subscribe },
    { weight: 14, arbitrary: send },
    { weight: 5, arbitrary: small },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: fc.constantFrom('\n', '\n\n\n', '\r\n').map((text) => Buffer.from(text)) },
  )
}

function connects(world: World): fc.Arbitrary<Buffer> {
  const optional = (name: string, value: fc.Arbitrary<string>, weight: number): fc.Arbitrary<Headers> =>
    fc.oneof(
      { weight: 10, arbitrary: fc.constant<Headers>([]) },
      { weight, arbitrary: value.map((text): Headers => [[name, text]]) },
    )
  const params = fc.oneof(
    hostileText,
    fc.jsonValue({ maxDepth: 2 }).map((value) => Buffer.from(JSON.stringify(value)).toString('base64')),
  )
  return fc
    .tuple(
      mostly(fc.constantFrom('1.2', '1.1,1.2', '1.0,1.1,1.2'), fc.constantFrom('', '1.3', '9')),
      mostly(
        fc.constantFrom('0,0', '10000,10000'),
        fc.constantFrom('', ',', '-1,0', '1e3,0', '99999999999,1', '1,1'),
      ),
      mostly(
        fc.oneof(
          world.username(),
          fc.uuid().map((guest) => `guest-${guest}`),
        ),
        hostileText,
      ),
      optional('StompX-Auth-Session-ID', mostly(world.session(), fc.oneof(fc.uuid(), hostileText), 4), 5),
      optional('StompX-Auth-Params', params, 3),
      optional('StompX-User-Agent', hostileText, 2),
    )
    .map(([version, beats, user, ...more]) =>
      frameOf(
        'CONNECT',
        [['accept-version', version], ['heart-beat', beats], ['StompX-User', user], ...more.flat()],
        Buffer.alloc(0),
      ),
    )
}

/** A client that usually starts correctly. */
export function scripts(world: World): fc.Arbitrary<Script> {
  const errors = frameOf(
    'SUBSCRIBE',
    [
      ['id', 'errors'],
      ['destination', '/user/queue/errors'],
    ],
    Buffer.alloc(0),
  )
  const first = mostly(fc.constant(errors), steps(world), 9)
  const script = fc.record({
    carrier: fc.constantFrom(...carriers),
    apiKey: mostly(fc.constant(world.apiKey), hostileText, 30),
    connect: connects(world),
    steps: fc
      .tuple(first, fc.array(steps(world), { maxLength: 14 }))
      .map(([begin, more]) => [begin, ...more]),
    ending: fc.constantFrom('ask' as const, 'ask' as const, 'cut' as const, 'disconnect' as const),
  })
  const whole = script.map((each) => ({ ...each, isOpenEnded: false }))
  const brokenConnect = script.chain((each) =>
    fc.oneof(damaged(each.connect), steps(world)).map((connect) => ({ ...each, connect, isOpenEnded: true })),
  )
  const brokenSteps = script.chain((each) =>
    damaged(Buffer.concat(each.steps)).map((part) => ({ ...each, steps: [part], isOpenEnded: true })),
  )
  return fc.oneof(
    { weight: 14, arbitrary: whole },
    { weight: 1, arbitrary: brokenConnect },
    { weight: 2, arbitrary: brokenSteps },
  )
}
