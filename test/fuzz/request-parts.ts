// Queries, headers and bodies of requests, most of them valid.
import fc from 'fast-check'
import { type Api, type Parameter, platformApi } from './api.ts'
import { damaged, hostileJson, hostileText, mostly, type Schema, valuesOf } from './values.ts'
import type { World } from './world.ts'

export type Header = [name: string, value: string]

/** Percent-encodes any text as UTF-8; lone surrogates become U+FFFD, as in browsers. */
export const encoded = (value: string) => encodeURIComponent(value.toWellFormed())

const oddQuery = fc.constantFrom(
  '%',
  '%ff=%fe',
  '&&',
  '=',
  'a[]=1&a[]=2',
  'page=1&page=2',
  'size=%00',
  '__proto__=1',
  'sort=id,desc;drop',
)

export function queryOf(parameters: Parameter[], world: World, { resolve }: Api): fc.Arbitrary<string> {
  const around = { resolve, id: fc.oneof(fc.nat({ max: 30 }), world.id('users')) }
  const pairs = parameters.map(({ name, schema }) => {
    const values = mostly(
      fc.array(valuesOf(schema, around), { minLength: 1, maxLength: 1 }),
      fc.array(valuesOf(schema, around), { maxLength: 3 }),
    )
    return values.map((all) =>
      all
        .flat()
        .map(
          (value) =>
            `${encoded(name)}=${encoded(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}`,
        ),
    )
  })
  const some = fc
    .tuple(fc.subarray(pairs.map((_, at) => at)), fc.tuple(...pairs))
    .map(([chosen, all]) => chosen.flatMap((at) => all[at] ?? []).join('&'))
  return fc.oneof({ weight: 9, arbitrary: some }, { weight: 1, arbitrary: oddQuery })
}

const jsonTypes = ['application/json', 'application/vnd.chatkitty+json', 'application/json; charset=utf-8']
const oddTypes = [
  '',
  'text/plain',
  'application/xml',
  'application/json;;',
  'multipart/form-data',
  'application/x-www-form-urlencoded',
  '*/*',
  '\u00ff',
]

export function headersOf(world: World): fc.Arbitrary<Header[]> {
  const usual = `localhost:${world.port}`
  const host = mostly(
    fc.constant(usual),
    fc.constantFrom(
      '',
      "$'",
      '$&x',
      'a b',
      '[::1',
      '[::1]:1',
      'x'.repeat(2_000),
      'evil.example',
      'localhost:99999',
      'a"onload=b',
      '<b>',
      '\xff',
    ),
    9,
  )
  const bearer = mostly(
    fc.constant(`Bearer ${world.token}`),
    fc.oneof(
      fc.constantFrom('', 'Bearer', 'Bearer garbage', 'bearer  x y', `Basic ${'a'.repeat(5_000)}`),
      world.grant().map((grant) => `Bearer ${grant}`),
    ),
    19,
  )
  const accept = mostly(
    fc.constantFrom('application/json', 'application/vnd.chatkitty+json', '*/*'),
    fc.constantFrom('', 'image/png', 'a/b;q=x,*/*;q=0', ',,,', 'text/html'),
  )
  const odd: fc.Arbitrary<Header> = fc.oneof(
    fc.constantFrom<Header>(
      ['X-Forwarded-Host', "$'"],
      ['X-Forwarded-Proto', 'javascript'],
      ['X-Forwarded-For', '127.0.0.1, ::1, x'],
      ['Origin', 'null'],
      ['Range', 'bytes=0-,5-9,-1'],
      ['If-None-Match', '*,"'],
      ['If-Range', '"'],
      ['Idempotency-Key', 'x'.repeat(600)],
      ['Expect', '100-continue'],
      ['Upgrade', 'h2c'],
      ['Cookie', '=;=;'],
      ['Accept-Encoding', 'br;q=9'],
    ),
    fc
      .tuple(
        fc.constantFrom(
          'Grant',
          'Idempotency-Key',
          'X-Request-Id',
          'Accept-Language',
          'If-Modified-Since',
          'Host',
        ),
        fc.string({ maxLength: 30 }),
      )
      .map(([name, value]): Header => [name, value.replace(/[\r\n\0]/g, () => '')]),
  )
  return fc
    .tuple(host, bearer, accept, fc.array(odd, { maxLength: 2 }))
    .map(([host, authorization, accept, more]) => [
      ['Host', host],
      ['Authorization', authorization],
      ['Accept', accept],
      ['Connection', 'close'],
      ...more,
    ])
}

export interface Body {
  type?: string
  bytes: Buffer
}

export const nobody = fc.constant<Body>({ bytes: Buffer.alloc(0) })

export function jsonOf(schema: Schema, world: World, api = platformApi): fc.Arbitrary<Body> {
  const text = valuesOf(schema, { resolve: api.resolve, id: world.id('users') }).map((value) =>
    Buffer.from(JSON.stringify(value) ?? ''),
  )
  const bytes = mostly(text, text.chain(damaged))
  return fc.record({ type: mostly(fc.constantFrom(...jsonTypes), fc.constantFrom(...oddTypes)), bytes })
}

const fileTypes = ['image/png', 'application/json', 'text/csv', 'text/html', '', '\u00ff/\u00ff']
const boundary = 'fuzz-boundary'

export function formOf(schema: Schema, world: World, { resolve } = platformApi): fc.Arbitrary<Body> {
  const { properties = {} } = schema.$ref ? resolve<Schema>(schema.$ref) : schema
  const around = { resolve, id: world.id('users') }
  const field = fc
    .tuple(mostly(fc.constantFrom(...Object.keys(properties), 'x'), hostileText), fc.nat())
    .chain(([name, pick]) => {
      const known = Object.values(properties)
      const value = valuesOf(known[pick % Math.max(1, known.length)] ?? {}, around)
      return value.map((given) =>
        partOf(
          `name="${name}"`,
          undefined,
          typeof given === 'string' ? given : (JSON.stringify(given) ?? ''),
        ),
      )
    })
  const name = mostly(fc.constantFrom('a.png', 'list.json', 'ü.csv'), hostileText)
  const content = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    hostileJson.map((value) => JSON.stringify(value) ?? ''),
  )
  const file = fc
    .tuple(mostly(fc.constant('file'), hostileText), name, fc.constantFrom(...fileTypes), content)
    .map(([part, filename, type, body]) => partOf(`name="${part}"; filename="${filename}"`, type, body))
  const whole = fc
    .tuple(fc.array(field, { maxLength: 4 }), fc.array(file, { minLength: 1, maxLength: 1 }))
    .map(([fields, files]) => Buffer.from(`${[...fields, ...files].join('')}--${boundary}--\r\n`))
  const many = fc
    .tuple(field, fc.nat({ max: 80 }))
    .map(([one, times]) => Buffer.from(`${one.repeat(times)}--${boundary}--\r\n`))
  const bytes = fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 1, arbitrary: many },
    { weight: 1, arbitrary: whole.chain(damaged) },
  )
  const type = mostly(
    fc.constant(`multipart/form-data; boundary=${boundary}`),
    fc.constantFrom(
      'multipart/form-data',
      'multipart/form-data; boundary=',
      `multipart/form-data; boundary=${'-'.repeat(300)}`,
      'multipart/mixed; boundary=x',
    ),
  )
  return fc.record({ type, bytes })
}

function partOf(disposition: string, type: string | undefined, body: string): string {
  const typed = type === undefined ? '' : `Content-Type: ${type}\r\n`
  return `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${typed}\r\n${body}\r\n`
}
