// Connections to what a guard permits, for undici.
import { isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import type { Guard } from '#previews/guard.ts'

export { Client } from 'undici' // who loads a library on demand finds no names in it, once it is bundled

/** Ends the making of a connection that nobody waits for any more. */
const connectMs = 5_000

/** Connects undici to permitted addresses alone; gives it an Error where there is none, or when time is up. */
export function guardedConnector(guard: Guard, timeUp: AbortSignal): buildConnector.connector {
  return (target, callback) => {
    const opening = openSocket(guard, target)
    // Undici lets go of a request only once there is a connection or none.
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
    // Node asks for all addresses as it tries one after the other. For an IP address it does not ask at all.
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
