import ipaddr from 'ipaddr.js'

/** Returns whether a host, as written in settings and URLs, is always this machine and cannot be reached remotely. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const address = host.replace(/^\[(.+)\]$/, '$1')
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}
