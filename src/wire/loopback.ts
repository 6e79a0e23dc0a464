import ipaddr from 'ipaddr.js'

/** Whether a host, as settings and URLs spell it, is this machine and nothing else: then nobody reaches it from afar. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const address = host.replace(/^\[(.+)\]$/, '$1')
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}
