// Where a fetch may connect to. Users choose the URLs, so what only this host or its network can reach stays out of
// reach. The address that is checked is the one connected to: a name is looked up once, here, for each connection.
import { Resolver } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

export interface Guard {
  /** Whether a connection to this IP address and port is permitted. */
  mayConnect(address: string, port: number): boolean
  /** The IP addresses of a host name. */
  resolve(hostname: string): Promise<string[]>
}

const ports = [80, 443]
/** The whole of IPv6 that is given out for the internet [RFC 4291 2.4]. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** Public by its number, and the host's own agent on every machine of Azure. */
const azureAgent = '168.63.129.16'

/** Whether an IP address is one of the public internet; IPv4 within IPv6 counts as what it leads to. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const ip = ipaddr.process(address)
  if (ip.range() !== 'unicast' || ip.toString() === azureAgent) return false
  return ip.kind() === 'ipv4' || ip.match(globalUnicast)
}

/** The web, and nothing else. */
export const publicWeb: Guard = {
  mayConnect: (address, port) => ports.includes(port) && isPublic(address),
  resolve: resolveByDns,
}

/** Any address and port. */
export const anywhere: Guard = { ...publicWeb, mayConnect: () => true }

/**
 * Asks DNS alone: the names of the hosts file are private, and the system's lookup would take the threads that read
 * and write files for as long as somebody's name server keeps silent.
 */
async function resolveByDns(hostname: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}
