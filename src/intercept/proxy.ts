// The proxy for clients that honour HTTPS_PROXY: intercepted names lead to the gateway, all others to their real hosts.
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Gateway } from '#intercept/gateway.ts'
import { handOn, join } from '#intercept/hand-on.ts'
import { type Listening, listen } from '#intercept/listen.ts'

export interface ProxyOptions {
  /** In lower case, for port 443. */
  names: string[]
  gateway: Gateway
  /** The proxy by which this machine reaches others, if it needs one; http: or https:. */
  outer?: URL | undefined
}

export function openProxy({ names, gateway, outer }: ProxyOptions): Promise<Listening> {
  const isOurs = ({ hostname, port }: URL) =>
    names.includes(hostname.replace(/\.$/, '')) && (port || '443') === '443'

  async function tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const target = URL.parse(`https://${request.url}`)
    if (!target || !/:\d+$/.test(request.url as string)) return refuse(socket, '400 Bad Request')
    try {
      const onward = await (isOurs(target)
        ? dial('127.0.0.1', gateway.port)
        : outer
          ? dialThrough(outer, request.url as string)
          : dial(target.hostname, Number(target.port || 443)))
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.write(head)
      join(socket, onward)
    } catch {
      refuse(socket, '502 Bad Gateway')
    }
  }

  /** Handles requests for https: URLs without a tunnel, as some clients send them, such as axios before 1.16. */
  function request(request: IncomingMessage, response: ServerResponse): void {
    const target = URL.parse(request.url as string)
    if (!target || !/^https?:$/.test(target.protocol)) {
      response.writeHead(400).end('This is a proxy: it only accepts absolute URLs\n')
      return
    }
    const { protocol, hostname, port, pathname, search } = target
    const path = pathname + search
    if (protocol === 'https:' && isOurs(target)) gateway.take(request, response, path)
    else if (outer) handOn(request, response, addressOf(outer), authorizationFor(outer))
    else handOn(request, response, { protocol, host: withoutBrackets(hostname), port, path, agent: false })
  }

  const server = createServer()
  server.on('connect', tunnel)
  server.on('request', request)
  return listen(server)
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
}

async function dial(host: string, port: number): Promise<Socket> {
  const socket = connect({ host: withoutBrackets(host), port })
  await once(socket, 'connect')
  return socket
}

/** @param target host:port */
async function dialThrough(outer: URL, target: string): Promise<Socket> {
  const send = outer.protocol === 'https:' ? httpsRequest : httpRequest
  const headers = ['Host', target, ...authorizationFor(outer)]
  const asked = send({ ...addressOf(outer), method: 'CONNECT', path: target, headers }).end()
  const [answer, socket, head] = (await once(asked, 'connect')) as [IncomingMessage, Socket, Buffer]
  if (answer.statusCode !== 200) {
    socket.destroy()
    throw new Error(`The proxy ${outer.host} refuses ${target}: ${answer.statusCode}`)
  }
  socket.unshift(head)
  return socket
}

function addressOf({ protocol, hostname, port }: URL) {
  return { protocol, host: withoutBrackets(hostname), port, agent: false } as const
}

function authorizationFor({ username, password }: URL): string[] {
  if (!username) return []
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return ['Proxy-Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]
}

const withoutBrackets = (host: string) => host.replace(/^\[(.+)\]$/, (_, address) => address)
