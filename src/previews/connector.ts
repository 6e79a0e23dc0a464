// Connects undici to addresses that a guard permits.
import { isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { Guard } from '#previews/guard.ts'

export { Client } from 'undici' // named imports of a library that is loaded on demand fail once it is bundled

/** Time limit for connecting, which also ends attempts that no request waits for any more. */
const connectMs = 5_000

/** Returns a connector for undici to permitted addresses only; it fails if there is none or at `timeUp`. */
export function guardedConnector(guard: Guard, timeUp: AbortSignal): buildConnector.connector {
  return (target, callback) => {
    const opening = openSocket(guard, target)
    // Undici releases a request only once its connection is open or has failed.
    Promise.race([opening, rejectsAt(timeUp)]).then(
      (socket) => callback(null, socket),
      (error) => callback(error, null),
    )
    opening.then(
      (socket) => timeUp.aborted && socket.destroy(),
      () => undefined,
    )
  }
}

async function openSocket(guard: Guard, target: buildConnector.Options): Promise<Socket> {
  const host = target.hostname.replace(/^\[(.*)\]$/, '$1')
  const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80))
  const addresses = await permitted(guard, host, port)
  const connect = buildConnector({
    allowH2: false,
    maxCachedSessions: 0,
    timeout: connectMs,
    // With this, Node requests all addresses and tries one after the other. IP addresses are not looked up at all.
    autoSelectFamily: true,
    lookup: (_hostname, _options, found) => found(null, addresses),
  })
  return new Promise((resolve, reject) => {
    connect(target, (error, socket) => (error ? reject(error) : resolve(socket)))
  })
}

async function permitted(guard: Guard, host: string, port: number) {
  const addresses = isIP(host) ? [host] : await guard.resolve(host)
  const allowed = addresses.filter((address) => guard.mayConnect(address, port))
  if (allowed.length === 0) throw new Error(`nothing that may be connected to at ${host}:${port}`)
  return allowed.map((address) => ({ address, family: isIP(address) }))
}

function rejectsAt(timeUp: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (timeUp.aborted) reject(timeUp.reason)
    timeUp.addEventListener('abort', () => reject(timeUp.reason), { once: true })
  })
}
