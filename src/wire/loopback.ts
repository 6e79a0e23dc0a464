import ipaddr from 'ipaddr.js'

/** Returns whether a host, as written in settings and URLs, is always this machine and cannot be reached remotely. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const address = host.replace(/^\[(.+)\]$/, '$1')
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback'
}

/** Returns the host that a URL names, as written in it; empty if it is no URL. */
export function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? ''
}
