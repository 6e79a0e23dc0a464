// Prepares a function process: its files, what it may read, and where it may connect to.
import { lookup } from 'node:dns/promises'
import { mkdir, realpath } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join, sep } from 'node:path'
import type { Clock } from '#clock/clock.ts'
import type { Bootstrap } from './bootstrap.ts'
import type { ProcessSettings } from './function-process.ts'
import type { Script, StartOrder } from './protocol.ts'

/** The environment of an application's functions. */
export interface RuntimeSpec {
  applicationId: number
  /** The folder of the application's runtime, which no other application uses. */
  folder: string
  /** The customer's source, not yet compiled. */
  initializationScript?: string
  /** All environment variables of the functions: the customer's and the preset ones. */
  environment: Record<string, string>
  /** Contains node_modules. */
  dependenciesFolder?: string
  /** Origin of the API, such as `http://127.0.0.1:9001`; always reachable. */
  apiOrigin: string
}

interface Given {
  bootstrap: Bootstrap
  egress: 'open' | 'guarded'
  /** Limit for JavaScript's heap. */
  memoryMb: number
  clock: Clock
  /** The compiled initialization script. */
  initialization?: Script
}

/** @throws if its folders cannot be created or found */
export async function prepareProcess(
  spec: RuntimeSpec,
  { bootstrap, egress, memoryMb, clock, initialization }: Given,
): Promise<[ProcessSettings, StartOrder]> {
  const workFolder = join(spec.folder, 'work')
  await mkdir(workFolder, { recursive: true })
  const packagesFile = await realpath(bootstrap.packagesFile)
  const dependenciesFolder = spec.dependenciesFolder && (await realpath(spec.dependenciesFolder))
  const settings = {
    mainFile: await realpath(bootstrap.mainFile),
    readable: [packagesFile, ...(dependenciesFolder ? [join(dependenciesFolder, sep)] : [])],
    folder: await realpath(workFolder),
    memoryMb,
    clock,
  }
  const order: StartOrder = {
    type: 'start',
    environment: spec.environment,
    apiOrigin: spec.apiOrigin,
    packagesFile,
    ...(dependenciesFolder && { dependenciesFolder }),
    ...(egress === 'guarded' && { reachable: await addressesOf(spec) }),
    ...(initialization && { initialization }),
  }
  return [settings, order]
}

/** Returns where the API can be reached, as `address port`: its own address, and those in the functions' variables. */
async function addressesOf({ apiOrigin, environment }: RuntimeSpec): Promise<string[]> {
  const urls = [
    apiOrigin,
    environment.CHATKITTY_CHAT_SERVICE_BASE_URL,
    environment.CHATKITTY_AUTHORIZATION_SERVICE_BASE_URL,
  ]
  const origins = new Set(urls.flatMap((url) => (url && URL.parse(url)?.origin) || []))
  const found = await Promise.all([...origins].map(addressesOfOrigin))
  return found.flat()
}

async function addressesOfOrigin(origin: string): Promise<string[]> {
  const { protocol, hostname, port } = new URL(origin)
  const number = port || (protocol === 'https:' ? '443' : '80')
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(host)) return [`${host} ${number}`]
  const addresses = await lookup(host, { all: true }).catch(() => [])
  return addresses.map(({ address }) => `${address} ${number}`)
}
