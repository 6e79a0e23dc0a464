// Any input to any operation is answered by a refusal in the documented shape that names the field, or correctly if the
// contract is tolerant; never by a server error, and without effects on others.

import { Agent, request as httpRequest } from 'node:http'
import { v4 as uuid } from 'uuid'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { Context } from '#context.ts'
import type { Operation } from '#routes/operation.ts'
import { operationsOf } from '#routes/operations.ts'
import { createUser } from '../../support/factories.ts'
import { type Answer, expectRefusal, fillPath, titleOf } from '../../support/protects.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import {
  createWorld,
  examplesOf,
  invalidExamplesOf,
  isUntagged,
  parameterIn,
  type World,
} from '../examples.ts'

let server: TestServer
let world: World
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
beforeAll(async () => {
  server = await startServer({ RATE_LIMIT_PER_SECOND: 'off' })
  world = await createWorld(server, server.main)
})
afterAll(async () => {
  agent.destroy()
  await server.close()
})
afterEach(async () => {
  // It still answers, and Object.prototype is unchanged.
  expect((await send('GET', '/health')).status).toBe(200)
  expect(Object.keys(Object.prototype)).toEqual([])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

type Table = (readonly [title: string, operation: Operation])[]
const table: Table = operationsOf({} as Context).map((operation) => [titleOf(operation), operation])
const withBody = table.filter(([, { body }]) => body !== undefined) as [
  string,
  Operation & { body: NonNullable<Operation['body']> },
][]
const withParameters = table.filter(([, { path }]) => path.includes(':'))

/** A path of existing resources, in a channel and user of this file. */
const ownPath = ({ path }: Operation) =>
  `/v1${fillPath(path, (parameter) => parameterIn(world, path, parameter))}`
/** A path of missing resources, for operations that delete or change. */
const unknownPath = ({ path }: Operation) =>
  `/v1${fillPath(path, (name) => (name === 'name' ? 'none' : 4_000_000_000))}`

/** Sends bytes without a client that would correct the path or the body. */
function send(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    const sent = httpRequest(
      {
        agent,
        hostname,
        port,
        method,
        path,
        headers: {
          authorization: `Bearer ${server.main.token}`,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
          ...headers,
        },
      },
      async (response) => {
        const text = Buffer.concat(await response.toArray()).toString()
        const type = response.headers['content-type']?.split(';')[0] ?? ''
        resolve({ status: response.statusCode ?? 0, type, ...(method !== 'HEAD' && { text }) })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** A valid body, if the operation has one. */
const exampleBody = ({ body }: Operation) => body && JSON.stringify(examplesOf(body, world.user.id)[0])

const jsonOf = ({ text }: Answer) => JSON.parse(text ?? '{}')
const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 200)

describe('a body with one invalid field', () => {
  it.each(withBody)('%s names the field', async (_, operation) => {
    const path = unknownPath(operation)
    for (const { field, value } of invalidExamplesOf(operation.body)) {
      // A missing patch and null count as an empty patch.
      if (operation.method === 'PATCH' && value === null) continue
      if (operation.method !== 'PATCH' && isNullOfOptional(operation.body, field, value)) continue
      const asked = `${field.join('.')} of ${show(value)}`
      const answer = await send(operation.method, path, JSON.stringify(value))
      expect(answer.status, `${asked}: ${answer.text?.slice(0, 300)}`).toBe(400)
      expectRefusal(answer, 400, 'ClientError')
      const blamed: string[] = jsonOf(answer).errors.map((problem: { field: string }) => problem.field)
      expect(
        blamed.some((name) => blames(name, field.join('.'), operation)),
        `${asked} blames ${blamed}`,
      ).toBe(true)
    }
  })

  /** Optional members may also be null. */
  function isNullOfOptional(schema: z.ZodType, field: string[], body: unknown): boolean {
    const without = structuredClone(body)
    const name = field.at(-1)
    const holder = field
      .slice(0, -1)
      .reduce<Record<string, unknown> | undefined>((within, key) => within?.[key] as never, without as never)
    if (name === undefined || holder?.[name] !== null) return false
    delete holder[name]
    return schema.safeParse(without).success
  }

  /** Whether the named field is the invalid one, inside it, or contains it. */
  function blames(name: string, wrong: string, { body }: (typeof withBody)[number][1]): boolean {
    if (name === 'body' && isUntagged(body)) return true
    return `${name}.`.startsWith(`${wrong}.`) || `${wrong}.`.startsWith(`${name}.`) || wrong === ''
  }
})

describe('an invalid body', () => {
  const broken: [string, string | Buffer][] = [
    ['cut off', '{"name":'],
    ['two values', '{}{}'],
    ['single quotes', "{'name':'x'}"],
    ['a bare word', 'name'],
    ['a NUL', '\u0000'],
    ['a NUL in a string', '{"name":"\u0000"}'],
    ['a byte that is no UTF-8', Buffer.from('{"name":"\xff","displayName":"x"}', 'latin1')],
    ['UTF-8 that is cut off', Buffer.from([0x22, 0xe2, 0x82])],
    ['UTF-8 that is too long', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{"name":"x"}', 'utf16le')],
    ['arrays 100,000 deep, cut off', '['.repeat(100_000)],
  ]

  it.each(withBody)('%s refuses', async (_, operation) => {
    for (const [what, body] of broken) {
      const answer = await send(operation.method, unknownPath(operation), body)
      expect(answer.status, what).toBe(400)
      expectRefusal(answer, 400, 'ClientError')
    }
  })

  it.each(withBody)('%s is 413 where it is 2 MB, whatever it contains', async (_, operation) => {
    const body = JSON.stringify({ properties: { pad: 'x'.repeat(2_097_152) } })
    expectRefusal(await send(operation.method, unknownPath(operation), body), 413, 'PayloadTooLargeError')
  })

  it.each(withBody)('%s is required, except for a patch', async (_, operation) => {
    for (const body of [undefined, '', '  \n']) {
      const answer = await send(operation.method, unknownPath(operation), body)
      if (operation.method === 'PATCH') {
        expectRefusal(answer, 404, 'ResourceNotFoundError')
        continue
      }
      expectRefusal(answer, 400, 'ClientError')
      expect(jsonOf(answer).errors).not.toEqual([])
    }
  })

  it.each(withBody)('%s refuses content that is not declared as JSON', async (_, operation) => {
    const [example] = examplesOf(operation.body)
    const types = [
      'text/plain',
      'application/xml',
      'application/octet-stream',
      'nonsense',
      '',
      'application/json2',
    ]
    for (const type of types) {
      const answer = await send(operation.method, unknownPath(operation), JSON.stringify(example), {
        'content-type': type,
      })
      expectRefusal(answer, 415, 'UnsupportedMediaTypeError')
    }
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data; boundary=b',
    ]) {
      const answer = await send(operation.method, unknownPath(operation), 'name=x', { 'content-type': type })
      expect(answer.status, type).toBeOneOf([400, 404, 415])
      expectRefusal(answer, answer.status)
    }
  })
})

describe('a body with hostile keys', () => {
  const hostile =
    '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":null'
  const ofObject = withBody.filter(([, { body }]) =>
    examplesOf(body).every((example) => !Array.isArray(example)),
  )
  const withHostileKeys = (example: unknown) =>
    JSON.stringify(example)
      .replace(/^\{/, () => `{${hostile},`)
      .replace(/,\}$/, '}')

  it.each(ofObject)('%s ignores them, or refuses them by name', async (_, operation) => {
    for (const example of examplesOf(operation.body, world.user.id)) {
      const unique = { ...(example as object), ...('name' in (example as object) && { name: uuid() }) }
      const answer = await send(operation.method, unknownPath(operation), withHostileKeys(unique))
      if (answer.status !== 400)
        expect(answer.status, answer.text).toBe(operation.path.includes(':') ? 404 : 200)
      else expect(jsonOf(answer).errors[0].field).toMatch(/__proto__|constructor|toString/)
    }
  })

  const withProperties = table.filter(
    ([, { body, answer }]) =>
      body !== undefined &&
      answer.kind === 'one' &&
      examplesOf(body).every((example) => Object.hasOwn(example as object, 'properties')),
  ) as typeof withBody

  it.each(withProperties)('%s keeps them in properties, as data', async (_, operation) => {
    const properties = `{${hostile},"deep":[{"__proto__":{"polluted":1}}]}`
    for (const variant of examplesOf(operation.body).keys()) {
      // A new user each time: a direct channel of the same members would be the same channel.
      const { id } = await createUser(server.main)
      const example = { ...(examplesOf(operation.body, id)[variant] as object), name: uuid() }
      const body = JSON.stringify({ ...example, properties: 'HERE' }).replace('"HERE"', () => properties)
      const answer = await send(operation.method, ownPath(operation), body)
      expect(answer.status, answer.text).toBe(200)
      const kept = jsonOf(answer).properties
      const expected = Object.keys(JSON.parse(properties))
      // Null removes a key in a merge patch.
      const left =
        operation.method === 'PATCH' ? expected.filter((key) => key !== 'hasOwnProperty') : expected
      expect(Object.keys(kept).sort()).toEqual(left.sort())
      for (const holder of [kept, kept.deep[0]]) {
        expect(Object.getOwnPropertyDescriptor(holder, '__proto__')?.value).toEqual({ polluted: 1 })
      }
    }
  })
})

describe('JSON 100,000 levels deep', () => {
  const arrays = '['.repeat(100_000) + ']'.repeat(100_000)
  const objects = `${'{"properties":'.repeat(40_000)}1${'}'.repeat(40_000)}`
  const bodies = [arrays, objects, `{"properties":${arrays}}`, `{"unknown":${arrays}}`]

  it.each(withBody)('%s refuses it, or ignores it where it is no field', async (_, operation) => {
    for (const body of bodies) {
      const answer = await send(operation.method, unknownPath(operation), body)
      expect(answer.status, `${body.slice(0, 40)}: ${answer.text}`).toBeOneOf([400, 404])
      expectRefusal(answer, answer.status)
    }
  })
})

describe('a form', () => {
  const withForm = table.filter(([, { form }]) => form !== undefined)
  const type = { 'content-type': 'multipart/form-data; boundary=b' }
  const field = (name: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = (name = 'a.json', part = 'file', content = '[]') =>
    `--b\r\nContent-Disposition: form-data; name="${part}"; filename="${name}"\r\n` +
    `Content-Type: application/json\r\n\r\n${content}\r\n`
  const end = '--b--\r\n'
  const post = (operation: Operation, form: string | Buffer) =>
    send(operation.method, ownPath(operation), form, type)

  const broken: [string, string][] = [
    ['nothing', ''],
    ['only an end', end],
    ['no file', field('groupTag', 'x') + end],
    ['a file under another name', file('a.json', 'document') + end],
    ['a file that is no file', field('file', '[]') + end],
    ['no end', file()],
    ['a part without headers', `--b\r\n\r\n[]\r\n${end}`],
    ['a part that is cut off', `${file()}--b\r\nContent-Disposition: form-d`],
    ['another boundary', file().replaceAll('--b', '--c') + end],
    ['no form', '{}'],
    ['a thousand parts', field('x', 'y').repeat(1_000) + file() + end],
    ['a part of 2 MB', field('properties', 'x'.repeat(2_097_152)) + file() + end],
  ]
  it.each(withForm)('%s refuses one that is broken', async (_, operation) => {
    for (const [what, form] of broken) {
      const answer = await post(operation, form)
      expect(answer.status, `${what}: ${answer.text}`).toBeOneOf([400, 413])
      expectRefusal(answer, answer.status)
    }
  })

  it.each(withForm)(
    '%s accepts a file of any name, and parts that only look hostile',
    async (_, operation) => {
      const names = [
        '',
        '../../etc/passwd',
        'a\u0000b.json',
        'x'.repeat(5_000),
        '__proto__',
        'кот.json',
        '\u00ff',
      ]
      const answers = [
        ...names.map((name) => file(name)),
        Buffer.from(`${file('\xff\xfe')}`, 'latin1').toString('latin1'),
        field('__proto__', 'x') + file(),
        field('constructor', '{"prototype":{"polluted":1}}') + file(),
        field('x'.repeat(5_000), 'y') + file(),
      ].map((parts) => post(operation, Buffer.from(parts + end, 'latin1')))
      for (const answer of await Promise.all(answers)) {
        expect(answer.status, answer.text).toBeOneOf([200, 202, 400, 413])
        if (answer.status >= 400) expectRefusal(answer, answer.status)
      }
    },
  )

  const wrong: Record<string, string[]> = {
    groupTag: ['a\u0000b', 'x'.repeat(5_000)],
    properties: [
      '{',
      '[]',
      '5',
      '"x"',
      '{"a":"\\u0000"}',
      '{"a":"\\ud800"}',
      `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
    ],
    user: ['{', '{}', '[]', '5', '{"id":0}', '{"id":"1"}', '{"username":"\\u0000"}'],
    username: ['a\u0000b', 'x'.repeat(5_000)],
  }
  const withFields = withForm.filter(([, { form }]) => Object.keys(form?.fields.shape ?? {}).length > 0)
  it.each(withFields)('%s names the invalid part', async (_, operation) => {
    for (const name of Object.keys(operation.form?.fields.shape ?? {})) {
      const values = wrong[name]
      if (!values) throw new Error(`Say here what is no ${name}`)
      for (const value of values) {
        const answer = await post(operation, field(name, value) + file() + end)
        expect(answer.status, `${name}=${value.slice(0, 80)}: ${answer.text}`).toBe(400)
        expectRefusal(answer, 400)
        expect(jsonOf(answer).errors[0].field).toMatch(new RegExp(`^${name}\\b`))
      }
    }
  })
})

describe('a path', () => {
  const ids = [
    '0',
    '-1',
    '1.5',
    '1e3',
    'abc',
    '__proto__',
    '9007199254740991',
    '9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '99999999999999999999',
    '1'.repeat(3_000),
    '%31%00',
    '%00',
    '%201',
    '%D9%A1',
    '..%2F1',
    '%FF',
    '%ED%A0%80',
    '%E0%A4%A',
    '%',
  ]

  it.each(withParameters)('%s answers 404 for an invalid id', async (_, operation) => {
    const parameters = [...operation.path.matchAll(/:(\w+)/g)].flatMap(([, name]) =>
      name === 'name' ? [] : [name],
    )
    const body = exampleBody(operation)
    for (const wrong of parameters) {
      for (const id of ids) {
        const path = fillPath(operation.path, (name) =>
          name === wrong ? id : parameterIn(world, operation.path, name),
        )
        const answer = await send(operation.method, `/v1${path}`, body)
        expect(answer.status, `${path}: ${answer.text}`).toBeOneOf([400, 404, 414])
        expectRefusal(answer, answer.status)
        const [error] = jsonOf(answer).errors ?? []
        // If a form is required, its absence may be reported first.
        if (error && error.field !== 'file') expect(error).toMatchObject({ field: wrong, code: 'invalid' })
      }
    }
  })

  const withName = withParameters.filter(([, { path }]) => path.endsWith('/:name'))
  const names = ['%00', 'a%00b', '%20', '%FF', '%ED%A0%80', '%E0%A4%A', 'a'.repeat(600), 'a'.repeat(3_000)]

  it.each(withName)('%s refuses invalid names', async (_, operation) => {
    const body = exampleBody(operation)
    for (const name of names) {
      const path = fillPath(operation.path, (parameter) => (parameter === 'name' ? name : world.user.id))
      const answer = await send(operation.method, `/v1${path}`, body)
      expect(answer.status, path).toBeOneOf([400, 404, 414])
      expectRefusal(answer, answer.status)
    }
  })

  it.each(withName)('%s accepts names that only look hostile', async (_, operation) => {
    const body = exampleBody(operation)
    for (const name of ['__proto__', 'constructor', '%2E%2E%2Fetc', '%27%3B--', '%F0%9F%91%8B', '%25']) {
      const path = fillPath(operation.path, (parameter) => (parameter === 'name' ? name : world.user.id))
      const answer = await send(operation.method, `/v1${path}`, body)
      expect(answer.status, path).toBeOneOf([200, 404])
    }
  })
})

describe('a query', () => {
  const values = [
    '',
    '%00',
    'a%00b',
    '%FF',
    '%ED%A0%80',
    '%E0%A4%A',
    '%',
    '-1',
    '0',
    '1.5',
    '1e9',
    'NaN',
    '2147483648',
    '9007199254740991',
    '9007199254740993',
    '9223372036854775808',
    '99999999999999999999',
    '__proto__',
    'constructor,desc',
    '%27%3B--',
    '{',
    '[]',
    '%7B%22a%22:%22%5Cu0000%22%7D',
    '%7B%22%5Cud800%22:1%7D',
    '%7B%22__proto__%22:1%7D',
    `${'%7B%22a%22:'.repeat(100)}1${'%7D'.repeat(100)}`,
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00%2B14:00',
    '9999-12-31T23:59:59-14:00',
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    'x'.repeat(5_000),
    ','.repeat(500),
    'x,'.repeat(500),
  ]
  /** Parameters of all lists of a kind; those in one string are sent together. */
  const paging: Record<string, string[]> = {
    page: ['page size', 'sort'],
    cursorPage: ['size next', 'start relation'],
  }
  const readable = table.filter(([, { method }]) => method === 'GET' || method === 'HEAD')
  const withQuery = readable
    .map(([title, operation]) => {
      return [
        title,
        operation,
        [...Object.keys(operation.query.shape), ...(paging[operation.answer.kind] ?? [])],
      ] as const
    })
    .filter(([, , names]) => names.length > 0)

  it.each(withQuery)('%s reads it, or says what is wrong with it', async (_, operation, names) => {
    const queries = names.flatMap((together) => {
      const of = (suffix: string) =>
        together
          .split(' ')
          .map((name) => name + suffix)
          .join('&')
      return [
        ...values.map((value) => of(`=${value}`)),
        of(''),
        of('[]=1'),
        of('[a]=1'),
        `${of('=1')}&${of('=2')}`,
        `${of('=1')}&`.repeat(200),
      ]
    })
    const answers = await Promise.all(
      queries.map(
        async (query) => [query, await send(operation.method, `${ownPath(operation)}?${query}`)] as const,
      ),
    )
    for (const [query, answer] of answers) {
      expect(answer.status, `${query.slice(0, 80)}: ${answer.text}`).toBeOneOf([200, 400, 404])
      if (answer.status >= 400) expectRefusal(answer, answer.status)
    }
  })

  const wrong: Record<string, string[]> = {
    unread: ['maybe', '1', 'TRUE'],
    running: ['maybe', '1', 'TRUE'],
    type: ['OPEN', 'public', '__proto__'],
    state: ['ASLEEP', 'active', '__proto__'],
    startTime: ['yesterday', '2026-13-01T00:00:00Z', '0000-01-01T00:00:00Z', '5'],
    endTime: ['tomorrow', '2026-02-30T00:00:00Z', '0000-12-31T23:59:59%2B23:59', 'null'],
    properties: ['{', '{"a":}', '[1]', 'pairless', '%7B%22a%22:%22%5Cu0000%22%7D', '%00:1'],
    name: ['%00', 'x'.repeat(2_000)],
    username: ['%00', 'x'.repeat(2_000)],
    query: ['%00', 'x'.repeat(2_000)],
    members: ['%00', 'a,%00', 'x'.repeat(2_000), 'x,'.repeat(101)],
  }
  const withFilters = readable.filter(([, { query }]) => Object.keys(query.shape).length > 0)

  it.each(withFilters)('%s names the invalid filter', async (_, operation) => {
    for (const filter of Object.keys(operation.query.shape)) {
      const values = wrong[filter]
      if (!values) throw new Error(`Say here what is no ${filter}`)
      for (const value of values) {
        const answer = await send(
          operation.method,
          `${ownPath(operation)}?${filter}=${value.replace(/["{}]/g, (letter) => encodeURIComponent(letter))}`,
        )
        expect(answer.status, `${filter}=${value.slice(0, 80)}: ${answer.text}`).toBe(400)
        expectRefusal(answer, 400)
        if (answer.text) expect(jsonOf(answer).errors[0].field).toMatch(new RegExp(`^${filter}\\b`))
      }
    }
  })
})

describe('barely valid HTTP', () => {
  it.each(['/v1/users/%FF', '/%', '/v1/%00', '/v1//users', '//', '/v1/users?%', `/${'a/'.repeat(5_000)}`])(
    '%s is answered',
    async (path) => {
      const answer = await send('GET', path)
      expect(answer.status).toBeOneOf([200, 400, 404])
      if (answer.status !== 200) expectRefusal(answer, answer.status)
    },
  )

  it('accepts an Accept of any size and shape', async () => {
    for (const accept of [
      '',
      ',',
      ';q=1',
      '*/*;q=x',
      'a/b,'.repeat(1_500),
      `application/json;q=${'9'.repeat(500)}`,
    ]) {
      const answer = await send('GET', '/v1/application', undefined, { accept })
      expect(answer.status).toBeOneOf([200, 406])
      if (answer.status === 406) expectRefusal(answer, 406)
    }
  })

  it('refuses tokens of any size and shape', async () => {
    for (const token of ['x'.repeat(10_000), '%00', '__proto__', "' or 1=1 --", 'ÿ']) {
      const answer = await send('GET', '/v1/application', undefined, { authorization: `Bearer ${token}` })
      expectRefusal(answer, 401)
    }
  })
})
