// Checks that the configured port is free before anything is started, because this check is quick.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '#config.ts'

type Address = Pick<Config, 'port' | 'host'>

/** @throws Error with one line for the operator, if the port is taken or cannot be listened on */
export async function checkPortIsFree(address: Address): Promise<void> {
  if (address.port === 0) return // the system will choose a free one
  const server = createServer()
  try {
    await once(server.listen(address), 'listening')
  } catch (error) {
    throw explainListenError(error, address)
  }
  server.close()
  await once(server, 'close')
}

/** Turns an error of `listen` into one that tells the operator what to do; returns any other error unchanged. */
export function explainListenError(error: unknown, { port, host }: Address): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new Error(`port ${port} of ${host} is taken by another program: set PORT to a free one`)
    case 'EACCES':
      return new Error(`this user may not listen on port ${port}: set PORT to one above 1023`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`HOST is wrong: ${host} is not an address of this machine`)
    default:
      return error
  }
}
