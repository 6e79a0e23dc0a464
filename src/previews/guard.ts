// Restricts where a fetch may connect to. Users choose the URLs, so addresses that only this host or its network can
// reach are refused. The checked address is the one connected to: each connection resolves its name once, here.
import { Resolver } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'

export interface Guard {
  /** Returns whether a connection to this IP address and port is permitted. */
  mayConnect(address: string, port: number): boolean
  /** Returns the IP addresses of a host name. */
  resolve(hostname: string): Promise<string[]>
}

const ports = [80, 443]
/** All IPv6 addresses that are allocated for the internet [RFC 4291 2.4]. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** The host agent in Azure virtual machines, whose address is public by its number. */
const azureAgent = '168.63.129.16'

/** Returns whether an IP address is public; IPv4 addresses embedded in IPv6 are treated as IPv4. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const ip = ipaddr.process(address)
  if (ip.range() !== 'unicast' || ip.toString() === azureAgent) return false
  return ip.kind() === 'ipv4' || ip.match(globalUnicast)
}

export const publicWeb: Guard = {
  mayConnect: (address, port) => ports.includes(port) && isPublic(address),
  resolve: resolveByDns,
}

/** Any address and port. */
export const unrestricted: Guard = { ...publicWeb, mayConnect: () => true }

/**
 * Resolves by DNS only: names in the hosts file are private, and the system's lookup would occupy the threads that
 * access files while a name server does not answer.
 */
async function resolveByDns(hostname: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 })
  const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
}
