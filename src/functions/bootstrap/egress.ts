// Restricts where functions may connect to. The check is below everything that connects (net, tls, http, fetch,
// WebSocket), at the handles of the operating system: it sees the resolved address, whichever resolver was used.
import dgram from 'node:dgram'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { BlockList, isIP, Socket } from 'node:net'

const { apply } = Reflect
const { defineProperty } = Object

type Handle = Record<string, (...args: unknown[]) => unknown>

/** Special-purpose IPv4 addresses [RFC 6890], and the address of the host agent in Azure virtual machines. */
const specialIpv4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
]
/** Exceptions within global unicast: documentation, and prefixes that embed IPv4 addresses. */
const specialIpv6 = ['2001:db8::/32', '2001::/32', '2002::/16', '3fff::/20']
const globalUnicast = ['2000::/3'] // [RFC 4291 2.4]

function listOf(subnets: string[], family: 'ipv4' | 'ipv6'): (address: string) => boolean {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [network = '', prefix] = subnet.split('/')
    list.addSubnet(network, Number(prefix), family)
  }
  const check = list.check.bind(list)
  return (address) => check(address, family)
}

const isSpecialIpv4 = listOf(specialIpv4, 'ipv4')
const isSpecialIpv6 = listOf(specialIpv6, 'ipv6')
const isGlobalIpv6 = listOf(globalUnicast, 'ipv6')

function isPublic(address: string): boolean {
  try {
    const family = isIP(address)
    if (family === 4) return !isSpecialIpv4(address)
    return family === 6 && isGlobalIpv6(address) && !isSpecialIpv6(address)
  } catch {
    return false // an address with a zone
  }
}

const refusal = -(process.platform === 'win32' ? 4092 : 13) // UV_EACCES

/** Makes methods of a handle return EACCES for arguments that are not permitted. */
function restrict(prototype: Handle, names: string[], permits: (args: unknown[]) => boolean): void {
  for (const name of names) {
    const original = prototype[name]
    if (!original) throw new Error(`this version of Node has no ${name} to guard`)
    // Uses nothing inherited, because customers' code can change the prototypes of arrays and functions.
    const value = function restricted(this: Handle, ...args: unknown[]) {
      return permits(args) ? apply(original, this, args) : refusal
    }
    guard(prototype, name, value)
  }
}

/**
 * Replaces a method of a handle permanently. Node assigns `send6` to IPv6 handles as `send`, and may keep doing so: a
 * handle's own property is one of the guarded methods or a function that does not reach the system.
 */
function guard(prototype: Handle, name: string, method: Handle[string]): void {
  defineProperty(prototype, name, {
    get: () => method,
    set(this: object, value: unknown) {
      if (this === prototype) return
      defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true })
    },
    configurable: false,
  })
}

const prototypeOf = (handle: object): Handle => Object.getPrototypeOf(handle)

/** Refuses to listen: functions provide nothing that lives long enough to be connected to. */
export function refuseListening(channel: Socket): void {
  restrict(prototypeOf(handleOf(channel)), ['listen', 'bind', 'connect'], () => false)
  restrict(tcpPrototype(), ['listen', 'bind', 'bind6'], () => false)
}

/**
 * Refuses addresses outside the public internet, except those listed.
 * @param reachable exceptions in the form `address port`
 */
export function guardEgress(reachable: string[]): void {
  const exceptions: Record<string, true> = Object.create(null)
  for (const each of reachable) exceptions[each] = true
  const permits = (address: unknown, port: unknown) =>
    typeof address === 'string' &&
    typeof port === 'number' &&
    (isPublic(address) || exceptions[`${address} ${port}`] === true)

  restrict(tcpPrototype(), ['connect', 'connect6'], (args) => permits(args[1], args[2]))
  const udp = udpPrototype()
  restrict(udp, ['connect', 'connect6'], (args) => permits(args[0], args[1]))
  // Without an address, it is sent to where the socket is connected.
  restrict(udp, ['send', 'send6'], (args) => args.length < 6 || permits(args[4], args[3]))
  guardNameServers()
}

function handleOf(socket: object): object {
  const { _handle: handle } = socket as { _handle?: object }
  if (!handle) throw new Error('this version of Node hides the handles of sockets')
  return handle
}

function tcpPrototype(): Handle {
  const socket = new Socket()
  // The socket has its handle at once, and waits for a lookup that never answers.
  socket.connect({ host: 'nowhere', port: 1, lookup: () => undefined })
  const prototype = prototypeOf(handleOf(socket))
  socket.destroy()
  return prototype
}

function udpPrototype(): Handle {
  const socket = dgram.createSocket('udp4')
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')
  const handle = state && (Reflect.get(socket, state) as { handle?: object }).handle
  if (!handle) throw new Error('this version of Node hides the handles of datagram sockets')
  const prototype = prototypeOf(handle)
  socket.close()
  return prototype
}

/** Refuses other name servers than the system's, which could be any address and port. */
function guardNameServers(): void {
  const refuse = () => {
    throw Object.assign(new Error('functions may not choose name servers'), { code: 'EACCES' })
  }
  const owners = [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]
  for (const owner of owners.flatMap((each) => [each, Object.getPrototypeOf(each)])) {
    if (Object.hasOwn(owner, 'setServers')) {
      defineProperty(owner, 'setServers', { value: refuse, writable: false, configurable: false })
    }
  }
  // Guards the handle, which is below both kinds of resolvers.
  restrict(prototypeOf(handleOf(new dns.Resolver())), ['setServers', 'setLocalAddress'], () => false)
  syncBuiltinESMExports()
}
