import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handler, startRunner, type TestRunner } from './support.ts'

let guarded: TestRunner
let open: TestRunner
/** The server of the API, and another one on this machine. */
let api: Server
let other: Server
let reached = 0

const portOf = (server: Server) => (server.address() as AddressInfo).port
const listen = async () => {
  const server = createServer((_, answer) => {
    reached++
    answer.end('here')
  })
  server.listen(0)
  await once(server, 'listening')
  return server
}

beforeAll(async () => {
  api = await listen()
  other = await listen()
  guarded = await startRunner({ egress: 'guarded' })
  open = await startRunner({ egress: 'open' })
})
afterAll(async () => {
  api.close()
  other.close()
  await guarded.close()
  await open.close()
})

/** A handler that tries to connect, and returns the received text or the error code. */
const attempt = (body: string) =>
  handler(`
    const deepest = (error) => error.errors ? deepest(error.errors[0]) : error.cause ? deepest(error.cause) : error
    const text = (answer) => new Promise((ok) => answer.setEncoding('utf8').on('data', ok))
    try { ${body} } catch (error) { return deepest(error).code ?? String(error) }`)

const ways: [string, string][] = [
  ['fetch', `return await (await fetch('http://' + event.host + ':' + event.port)).text()`],
  [
    'http',
    `return await new Promise((ok, no) => require('http').get('http://' + event.host + ':' + event.port, (a) => ok(text(a))).on('error', no))`,
  ],
  ['axios', `return (await require('axios').get('http://' + event.host + ':' + event.port)).data`],
  [
    'net',
    `return await new Promise((ok, no) => { const s = require('net').connect({ ...event }); s.on('error', no).on('connect', () => ok('here')) })`,
  ],
  [
    'net with a lookup of its own',
    `return await new Promise((ok, no) => {
      const lookup = (name, options, done) => options.all ? done(null, [{ address: event.host, family: event.host.includes(':') ? 6 : 4 }]) : done(null, event.host, 4)
      require('net').connect({ host: 'innocent.example', port: event.port, lookup }).on('error', no).on('connect', () => ok('here'))
    })`,
  ],
  ['tls', `return await new Promise((ok, no) => require('tls').connect({ ...event }).on('error', no))`],
  [
    'http2',
    `return await new Promise((ok, no) => require('http2').connect('http://' + event.host + ':' + event.port).on('error', no).on('connect', () => ok('here')))`,
  ],
  [
    'WebSocket',
    `return await new Promise((ok, no) => { const s = new WebSocket('ws://' + event.host + ':' + event.port); s.onerror = (e) => no(e.error ?? e) })`,
  ],
]

describe('with the guard', () => {
  it.each(ways)('%s does not connect to services of this machine', async (_, body) => {
    const before = reached
    const event = { host: '127.0.0.1', port: portOf(other) }
    expect(await guarded.result(attempt(body), { event })).not.toBe('here')
    expect(reached).toBe(before)
  })

  it.each([
    '127.0.0.1',
    '127.8.9.10',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '0',
    '2130706433',
    '0x7f.1',
  ])('this machine is not reached by other names: %s', async (host) => {
    const before = reached
    const event = { host, port: portOf(other) }
    expect(await guarded.result(attempt(ways[0]?.[1] ?? ''), { event })).toBe('EACCES')
    expect(reached).toBe(before)
  })

  it.each([
    ...[
      '10.0.0.1',
      '172.16.5.4',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '168.63.129.16',
      '224.0.0.1',
    ],
    ...[
      '[fd00::1]',
      '[fe80::1]',
      '[fd00:ec2::254]',
      '[64:ff9b::a00:1]',
      '[2002:a00:1::1]',
      '[::ffff:10.0.0.1]',
      '[::]',
    ],
  ])('%s is refused at once', async (host) => {
    const event = { host, port: 80 }
    expect(await guarded.result(attempt(ways[0]?.[1] ?? ''), { event })).toBe('EACCES')
  })

  it('the API is reached, at the given address and on no other port', async () => {
    for (const apiOrigin of [`http://127.0.0.1:${portOf(api)}`, `http://localhost:${portOf(api)}`]) {
      const spec = { applicationId: 2, apiOrigin }
      const { hostname: host, port } = new URL(apiOrigin)
      const event = { host, port: Number(port) }
      expect(await guarded.result(attempt(ways[0]?.[1] ?? ''), { spec, event })).toBe('here')
    }
  })

  it('the URLs in the variables of functions are reached', async () => {
    const environment = { CHATKITTY_CHAT_SERVICE_BASE_URL: `http://127.0.0.1:${portOf(api)}` }
    const script = attempt(`return await (await fetch(process.env.CHATKITTY_CHAT_SERVICE_BASE_URL)).text()`)
    expect(await guarded.result(script, { spec: { applicationId: 3, environment } })).toBe('here')
  })

  it('public addresses are not refused', async () => {
    // With or without a network, the result is not the error of the guard.
    const script = attempt(`
      const socket = require('net').connect({ host: '1.1.1.1', port: 9 })
      return await new Promise((ok, no) => { socket.on('error', no).on('connect', () => ok('connected')); setTimeout(() => ok('tried'), 200) })`)
    expect(await guarded.result(script)).not.toBe('EACCES')
  })

  it('datagrams to private addresses are not sent', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    let received = 0
    socket.on('message', () => received++)
    const script = attempt(`
      const socket = require('dgram').createSocket('udp4')
      const codes = []
      await new Promise((ok) => socket.send('x', event.port, '127.0.0.1', (e) => { codes.push(e?.code); ok() }))
      await new Promise((ok) => socket.connect(event.port, '127.0.0.1', (e) => { codes.push(e?.code); ok() }))
      socket.close()
      return codes`)
    const event = { port: socket.address().port }
    expect(await guarded.result(script, { event })).toEqual(['EACCES', 'EACCES'])
    expect(received).toBe(0)
    socket.close()
  })

  it.each([
    `require('dns').setServers(['127.0.0.1:53'])`,
    `new (require('dns').Resolver)().setServers(['127.0.0.1:53'])`,
    `require('dns').promises.setServers(['127.0.0.1:53'])`,
    `new (require('dns/promises').Resolver)().setServers(['127.0.0.1:53'])`,
    `Object.getPrototypeOf(require('dns').Resolver.prototype).setServers.call(new (require('dns').Resolver)(), ['127.0.0.1:53'])`,
  ])('name servers cannot be chosen: %s', async (body) => {
    expect(await guarded.result(attempt(`${body}; return 'set'`))).toBe('EACCES')
  })

  it.each(['dns', 'dns/promises'])(
    'name servers cannot be chosen by the handle of a resolver of %s',
    async (module) => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1')
      await once(socket, 'listening')
      let received = 0
      socket.on('message', () => received++)
      const script = attempt(`
      const resolver = new (require(event.module).Resolver)({ timeout: 100, tries: 1 })
      const handle = resolver._handle
      const methods = [handle.setServers, Object.getPrototypeOf(handle).setServers, new handle.constructor(100, 1, 100).setServers]
      const answers = methods.map((method) => { try { return Reflect.apply(method, handle, [[[4, '127.0.0.1', event.port]]]) } catch (error) { return error.code } })
      await new Promise((ok) => {
        const asked = resolver.resolve4('leak.example', ok)
        asked?.then?.(ok, ok)
      })
      return answers`)
      const event = { module, port: socket.address().port }
      const spec = { applicationId: 5 }
      expect(await guarded.result(script, { event, spec })).toEqual([-13, -13, -13])
      expect(received).toBe(0)
      socket.close()
    },
  )

  it('datagrams over IPv6 are sent to allowed addresses only', async () => {
    const listenAt6 = async () => {
      const socket = createSocket('udp6').bind(0, '::1')
      await once(socket, 'listening')
      return socket
    }
    const [api, other] = await Promise.all([listenAt6(), listenAt6()])
    let received = 0
    other.on('message', () => received++)
    const arrived = once(api, 'message')
    const script = attempt(`
      const socket = require('dgram').createSocket('udp6')
      const send = (port) => new Promise((ok) => socket.send('x', port, '::1', (e) => ok(e?.code ?? 'sent')))
      const answers = [await send(event.api), await send(event.other)]
      answers.push(await new Promise((ok) => socket.connect(event.other, '::1', (e) => ok(e?.code ?? 'connected'))))
      socket.close()
      return answers`)
    const spec = { applicationId: 6, apiOrigin: `http://[::1]:${api.address().port}` }
    const event = { api: api.address().port, other: other.address().port }
    expect(await guarded.result(script, { event, spec })).toEqual(['sent', 'EACCES', 'EACCES'])
    expect(String((await arrived)[0])).toBe('x')
    expect(received).toBe(0)
    for (const socket of [api, other]) socket.close()
  })

  it('the guard cannot be removed or circumvented', async () => {
    const script = attempt(`
      const net = require('net')
      const socket = new net.Socket()
      socket.connect({ host: 'nowhere', port: 1, lookup() {} })
      const handle = socket._handle
      const tries = []
      Object.getPrototypeOf(handle).connect = () => 0
      try { Object.defineProperty(Object.getPrototypeOf(handle), 'connect', { value: 1 }); tries.push('defined') } catch {}
      try { delete Object.getPrototypeOf(handle).connect; tries.push('deleted ' + typeof handle.connect) } catch {}
      const iterate = Array.prototype[Symbol.iterator]
      Array.prototype[Symbol.iterator] = function () {
        return Reflect.apply(iterate, this[1] === '10.0.0.1' ? ['x', '1.1.1.1', 80] : this, [])
      }
      tries.push(handle.connect({}, '10.0.0.1', 80))
      Array.prototype[Symbol.iterator] = iterate
      Reflect.apply = () => 0
      Function.prototype.call = () => 0
      Array.prototype.some = () => true
      Map.prototype.has = Set.prototype.has = () => true
      net.isIP = () => 4
      net.BlockList.prototype.check = () => false
      let asked = 0
      const shifty = { toString: () => (asked++ ? '127.0.0.1' : '1.1.1.1') }
      tries.push(handle.connect({}, shifty, event.port), handle.connect({}, '127.0.0.1', event.port))
      return tries.filter((each) => each !== 'deleted function')`)
    const event = { port: portOf(other) }
    const result = await guarded.result(script, { event, spec: { applicationId: 4 } })
    expect(result).toEqual([-13, -13, -13])
  })
})

describe('without the guard', () => {
  it.each(ways.filter(([name]) => !['tls', 'WebSocket'].includes(name)))(
    '%s reaches this machine',
    async (_, body) => {
      const event = { host: '127.0.0.1', port: portOf(other) }
      expect(await open.result(attempt(body), { event })).toBe('here')
    },
  )
})
