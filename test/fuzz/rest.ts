// Requests generated from openapi.yaml, and requests to everything else that is served.
import fc from 'fast-check'
import { type Api, adminApi, type Parameter, platformApi } from './api.ts'
import {
  type Body,
  encoded,
  formOf,
  type Header,
  headersOf,
  jsonOf,
  nobody,
  queryOf,
} from './request-parts.ts'
import { damaged, hostileText, mostly } from './values.ts'
import type { World } from './world.ts'

export interface Request {
  /** `POST /v1/users`, for reports. */
  title: string
  bytes: Buffer
  /** The documented statuses of success; undefined if the request is not documented. */
  statuses?: number[]
  /** Whether the request is valid HTTP, so that it must be answered. */
  isHttp: boolean
}

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
