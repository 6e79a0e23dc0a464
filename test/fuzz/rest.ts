// Requests generated from openapi.yaml, and requests to everything else that is served.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parse } from 'yaml'
import { damaged, hostileJson, hostileText, mostly, type Schema, valuesOf } from './values.ts'
import type { World } from './world.ts'

interface Parameter {
  $ref?: string
  name: string
  in: 'path' | 'query'
  required?: boolean
  schema: Schema
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, unknown> }>
}
interface Description {
  paths: Record<string, Record<string, Operation>>
}

/** A described API and its base paths. */
class Api {
  readonly paths: Description['paths']
  readonly base: string
  readonly otherBases: string[]
  readonly #whole: unknown

  constructor(file: string, base: string, otherBases: string[]) {
    this.#whole = parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
    this.paths = (this.#whole as Description).paths
    this.base = base
    this.otherBases = otherBases
  }

  /** Returns what a `$ref` refers to. */
  readonly resolve = <T>(reference: string): T => {
    const steps = reference.split('/').slice(1)
    return steps.reduce((at, step) => (at as Record<string, unknown>)[step], this.#whole) as T
  }
}

const platformApi = new Api('openapi.yaml', '/v1', [
  '',
  '/v1/applications/me',
  '/applications/me',
  '/applications/1',
  '/v1/applications/%',
  '/v2',
])
const adminApi = new Api('openapi-admin.yaml', '/admin/v1', ['/admin', '/admin/v2', '/admin/v1/', '/v1'])

export interface Request {
  /** `POST /v1/users`, for reports. */
  title: string
  bytes: Buffer
  /** The documented statuses of success; undefined if the request is not documented. */
  statuses?: number[]
  /** Whether the request is valid HTTP, so that it must be answered. */
  isHttp: boolean
}

type Header = [name: string, value: string]

// ------------------------------------------------------------------------------------------ their parts

/** Percent-encodes any text as UTF-8; lone surrogates become U+FFFD, as in browsers. */
const encoded = (value: string) => encodeURIComponent(value.toWellFormed())

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

function queryOf(parameters: Parameter[], world: World, { resolve }: Api): fc.Arbitrary<string> {
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

function headersOf(world: World): fc.Arbitrary<Header[]> {
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

interface Body {
  type?: string
  bytes: Buffer
}

const nobody = fc.constant<Body>({ bytes: Buffer.alloc(0) })

function jsonOf(schema: Schema, world: World, api = platformApi): fc.Arbitrary<Body> {
  const text = valuesOf(schema, { resolve: api.resolve, id: world.id('users') }).map((value) =>
    Buffer.from(JSON.stringify(value) ?? ''),
  )
  const bytes = mostly(text, text.chain(damaged))
  return fc.record({ type: mostly(fc.constantFrom(...jsonTypes), fc.constantFrom(...oddTypes)), bytes })
}

const fileTypes = ['image/png', 'application/json', 'text/csv', 'text/html', '', '\u00ff/\u00ff']
const boundary = 'fuzz-boundary'

function formOf(schema: Schema, world: World, { resolve } = platformApi): fc.Arbitrary<Body> {
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

// ---------------------------------------------------------------------------------------------- requests

function bytesOf(method: string, target: string, headers: Header[], { type, bytes }: Body): Buffer {
  const own: Header[] =
    bytes.length > 0 || method === 'POST' ? [['Content-Length', String(bytes.length)]] : []
  if (type !== undefined && bytes.length > 0) own.push(['Content-Type', type])
  const lines = [...headers, ...own].map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}

/** Requests to the operations of an API, with mostly valid values. */
function described(world: World, api: Api): fc.Arbitrary<Request> {
  const { resolve } = api
  const all = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return fc.constantFrom(...all).chain(({ path, method, operation }) => {
    const parameters = (operation.parameters ?? []).map((each) =>
      each.$ref ? resolve<Parameter>(each.$ref) : each,
    )
    const pieces = path.split(/(\{\w+\})/).map((piece, at, whole) => {
      if (!piece.startsWith('{')) return fc.constant(piece)
      if (piece === '{name}') return mostly(fc.constant('secret'), hostileText.map(encoded))
      return world.pathId(piece === '{user_id}' ? 'users' : ((whole[at - 1] ?? '').split('/').at(-2) ?? ''))
    })
    const prefix = mostly(fc.constant(api.base), fc.constantFrom(...api.otherBases))
    const content = operation.requestBody?.content ?? {}
    const json = content['application/json']?.schema
    const form = content['multipart/form-data']?.schema
    const bodies = [...(json ? [jsonOf(json, world, api)] : []), ...(form ? [formOf(form, world, api)] : [])]
    const body = bodies.length > 0 ? fc.oneof(...bodies) : mostly(nobody, jsonOf({}, world))
    const query = queryOf(
      parameters.filter((each) => each.in === 'query'),
      world,
      api,
    )
    const statuses = Object.keys(operation.responses).map(Number)
    const isEndless = Object.values(operation.responses).some(
      ({ content = {} }) => 'text/event-stream' in content,
    )
    return fc
      .tuple(
        prefix,
        fc.tuple(...pieces),
        query,
        headersOf(world),
        body,
        mostly(fc.constant(method), fc.constantFrom('PATCH', 'OPTIONS', 'HEAD', 'PUT', 'DELETE'), 30),
      )
      .map(([before, parts, query, headers, body, verb]) => {
        const target = `${before}${parts.join('').slice(api.base.length)}${query === '' ? '' : `?${query}`}`
        return {
          title: `${verb} ${path}`,
          bytes: bytesOf(verb, target, headers, body),
          ...(verb === method && { statuses }),
          isHttp: !isEndless,
        }
      })
  })
}

/** Requests other than operations: pages, files, tokens, uploads of users, SockJS. */
function others(world: World): fc.Arbitrary<Request> {
  const segment = fc.oneof(hostileText.map(encoded), fc.constantFrom('a', '1', '%', '%ff', '..', ''))
  const pages = fc.constantFrom(
    '/',
    '/v1',
    '/health',
    '/ready',
    '/docs',
    '/docs/',
    '/chat',
    '/chat/settings?widget_id=x',
    '/openapi.json',
    '/openapi.yaml',
    '/home/page.js',
    '/metrics',
    '/rtm',
    '/rtm/info',
    '/stompx/info',
    '/nowhere',
  )
  const named = fc
    .tuple(
      fc.constantFrom('/picture/', '/v1/picture/', '/v1/files/', '/files/', '/chat/', '/docs/', '/home/'),
      segment,
      world.grant(),
    )
    .map(([base, name, grant]) => `${base}${name}?grant=${grant}`)
  const sockJs = fc
    .tuple(
      fc.constantFrom('/rtm', '/stompx'),
      segment,
      fc.constantFrom('s', 'constructor', '__proto__', 'a.b'),
      fc.constantFrom(
        'xhr',
        'xhr_send',
        'xhr_streaming',
        'eventsource',
        'htmlfile',
        'htmlfile?c=a',
        'jsonp',
        'jsonp?c=%3Cb%3E',
        'jsonp_send',
        'websocket',
        'iframe.html',
      ),
    )
    .map(([base, server, session, transport]) => `${base}/${server}/${session}/${transport}`)
  const target = fc.oneof(pages, named, sockJs)
  const body = mostly(nobody, fc.oneof(jsonOf({}, world), formOf({}, world)), 2)
  const isEndless = (path: string) => /xhr|eventsource|htmlfile|jsonp/.test(path)
  return fc
    .tuple(
      fc.constantFrom('GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE'),
      target,
      headersOf(world),
      body,
    )
    .map(([method, path, headers, body]) => ({
      title: `${method} ${path.slice(0, 60)}`,
      bytes: bytesOf(method, path, headers, body),
      isHttp: !isEndless(path),
    }))
}

function tokens(world: World): fc.Arbitrary<Request> {
  const field = mostly(
    fc.constantFrom('client_credentials', world.clientId, world.clientSecret, 'read:user', ''),
    hostileText,
  )
  const form = fc
    .array(
      fc.tuple(
        fc.constantFrom('grant_type', 'client_id', 'client_secret', 'scope', 'username', 'password'),
        field,
      ),
      { maxLength: 6 },
    )
    .map((fields) => ({
      type: 'application/x-www-form-urlencoded',
      bytes: Buffer.from(fields.map((pair) => pair.map(encoded).join('=')).join('&')),
    }))
  const basic = fc.constantFrom(
    'Basic',
    'Basic !',
    `Basic ${Buffer.from(`${world.clientId}:wrong`).toString('base64')}`,
    'Basic Og==',
  )
  return fc
    .tuple(headersOf(world), fc.oneof(form, jsonOf({}, world), formOf({}, world)), fc.option(basic))
    .map(([headers, body, authorization]) => ({
      title: 'POST /oauth/token',
      bytes: bytesOf(
        'POST',
        '/oauth/token',
        headers.map(([name, value]) =>
          name === 'Authorization' ? [name, authorization ?? ''] : [name, value],
        ),
        body,
      ),
      isHttp: true,
    }))
}

function uploads(world: World): fc.Arbitrary<Request> {
  const path = fc.oneof(
    world.pathId('users').map((id) => `/v1/runtime/users/${id}/display-picture`),
    world.pathId('channels').map((id) => `/v1/runtime/channels/${id}/messages`),
    world.pathId('messages').map((id) => `/v1/runtime/messages/${id}/replies`),
    world.pathId('threads').map((id) => `/v1/runtime/threads/${id}/messages`),
  )
  const fields = { properties: { groupTag: { type: 'string' }, properties: { type: 'object' } } }
  return fc
    .tuple(path, headersOf(world), world.grant(), formOf(fields, world))
    .map(([target, headers, grant, body]) => ({
      title: `POST ${target}`,
      bytes: bytesOf('POST', target, [...headers, ['Grant', grant]], body),
      isHttp: true,
    }))
}

/** One request, which is sometimes invalid HTTP. @param administered the subjects of admin requests */
export function requests(world: World, administered: World): fc.Arbitrary<Request> {
  const whole = fc.oneof(
    { weight: 14, arbitrary: described(world, platformApi) },
    { weight: 6, arbitrary: described(administered, adminApi) },
    { weight: 3, arbitrary: others(world) },
    { weight: 1, arbitrary: tokens(world) },
    { weight: 2, arbitrary: uploads(world) },
  )
  const broken = whole.chain((request) =>
    damaged(request.bytes).map((bytes) => ({ title: `${request.title}, damaged`, bytes, isHttp: false })),
  )
  return fc.oneof({ weight: 24, arbitrary: whole }, { weight: 1, arbitrary: broken })
}
