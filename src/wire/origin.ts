// Determines the origin and the client of a request from its head, trusting only configured proxies.
import type { IncomingHttpHeaders } from 'node:http'
import { type BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import { ChatError } from '#errors.ts'

/** The parts of a request that are read; IncomingMessage satisfies it. */
export interface RequestHead {
  httpVersion: string
  headers: IncomingHttpHeaders
  /** If known: alternating names and values, including duplicates. */
  rawHeaders?: string[]
  socket: { remoteAddress?: string | undefined; encrypted?: boolean }
}

/**
 * Returns the origin that a client requested, such as `https://chat.example.com`, followed by the path that the nearest
 * trusted proxy removed (X-Forwarded-Prefix). Undefined for an HTTP/1.0 request that does not say.
 * @param proxies those that are trusted
 * @throws ChatError 400 if the host is missing, repeated or invalid [RFC 9112 section 3.2, RFC 3986 section 3.2.2]
 */
export function readOrigin(
  { httpVersion, headers, rawHeaders, socket }: RequestHead,
  proxies: BlockList,
): string | undefined {
  if (rawHeaders && countHosts(rawHeaders) > 1) throw wrongHost('Host', 'must not be there twice')
  if (headers.host === undefined && httpVersion === '1.1') throw wrongHost('Host', 'is missing')
  const scheme = socket.encrypted ? 'https' : 'http'
  const asked = headers.host === undefined ? undefined : mustBeOrigin('Host', scheme, headers.host)

  const host = lastOf(headers['x-forwarded-host'])
  const protocol = lastOf(headers['x-forwarded-proto'])
  const prefix = lastOf(headers['x-forwarded-prefix'])
  if (!(host || protocol || prefix) || !isAmong(proxies, socket.remoteAddress)) return asked
  const outerScheme = protocol ? schemes[protocol.toLowerCase()] : scheme
  if (!outerScheme) throw new ChatError('ClientError', 'The header X-Forwarded-Proto must be http or https')
  const outer = host
    ? mustBeOrigin('X-Forwarded-Host', outerScheme, host)
    : headers.host && mustBeOrigin('Host', outerScheme, headers.host)
  return outer && prefix ? outer + mustBePrefix(prefix) : outer
}

const prefixLengthMax = 255

/** Returns the prefix without a trailing slash. */
function mustBePrefix(text: string): string {
  const prefix = text.replace(/\/+$/, '')
  const isPath =
    text.length <= prefixLengthMax &&
    /^(?:\/(?:[\w.~!$&'()*+;=:@-]|%[\da-f]{2})+)*$/i.test(prefix) &&
    !/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(prefix)
  if (!isPath)
    throw new ChatError('ClientError', 'The header X-Forwarded-Prefix must be a path such as /chat')
  return prefix
}

/** The schemes that proxies send, some of them for WebSockets. */
const schemes: Record<string, string> = { http: 'http', ws: 'http', https: 'https', wss: 'https' }

/** Returns the client's address: the nearest one that is not a trusted proxy. */
export function readAddress(
  { headers, socket }: Pick<RequestHead, 'headers' | 'socket'>,
  proxies: BlockList,
): string {
  let address = socket.remoteAddress ?? ''
  const behind = headers['x-forwarded-for']?.toString().split(',') ?? []
  for (const text of behind.reverse()) {
    const next = text.trim()
    if (isIP(next) === 0 || !isAmong(proxies, address)) break
    address = next
  }
  return address
}

/** Returns the unit by which clients are counted: an IPv4 address, or the 64-bit prefix of an IPv6 network. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address) // maps IPv4-mapped IPv6 addresses to IPv4
  return parsed instanceof ipaddr.IPv6
    ? parsed.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')
    : parsed.toString()
}

/** Returns whether the address of a connection is among the proxies; undefined, or no IP address, is not. */
export function isAmong(proxies: BlockList, address: string | undefined): boolean {
  const version = isIP(address ?? '')
  return version !== 0 && proxies.check(address as string, version === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Returns a request's target without its origin. Absolute targets, as sent to proxies, must be accepted, and their host
 * overrides the header Host [RFC 9112 section 3.2.2].
 */
export function originForm(request: { url?: string | undefined; headers: IncomingHttpHeaders }): string {
  const { url = '/', headers } = request
  const [, host, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(url[0] === '/' ? '' : url) ?? []
  if (host === undefined || rest === undefined) return url
  headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

function countHosts(rawHeaders: string[]): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}

/** `host [ ":" port ]` [RFC 9110 section 7.2]; the host is a name, an IPv4 address or a bracketed IPv6 address. */
const authority = /^(?:\[[\da-f:.]{2,45}\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2}){1,255})(?::\d{0,5})?$/i

/** Parsed origins by scheme and host, since clients keep sending the same ones. */
const known = new LRUCache<string, string>({ max: 256 })

function mustBeOrigin(header: string, scheme: string, host: string): string {
  const text = `${scheme}://${host}`
  const seen = known.get(text)
  if (seen !== undefined) return seen
  const origin = authority.test(host) ? URL.parse(text)?.origin : undefined
  if (origin === undefined) throw wrongHost(header, 'must be a host, or host:port')
  known.set(text, origin)
  return origin
}

function wrongHost(header: string, problem: string): ChatError {
  return new ChatError('ClientError', `The header ${header} ${problem}`)
}

/** Returns the value that the nearest proxy added, if several did. */
function lastOf(header: string | string[] | undefined): string | undefined {
  return header?.toString().split(',').at(-1)?.trim() || undefined
}
