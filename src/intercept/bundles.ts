// Writes CA bundles that make programs in any language trust the authority of this run in addition to their own.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Environment, Log } from '#intercept/intercept.ts'

/** The variables whose bundle programs use if the variable itself is not set, in order of precedence. */
const variables = {
  SSL_CERT_FILE: [],
  CURL_CA_BUNDLE: ['SSL_CERT_FILE'],
  REQUESTS_CA_BUNDLE: ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'],
}

/** The system's CA bundle: Debian and Alpine, Fedora, SUSE, macOS. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

export interface Bundles {
  /** The file for each variable. */
  environment: Record<string, string>
  remove(): Promise<void>
}

/**
 * Writes the files, each starting with the authority, to a folder that only this user can access.
 * @param authority in PEM
 * @param environment may name other bundles; their content is included
 */
export async function writeBundles(authority: string, environment: Environment, log: Log): Promise<Bundles> {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-intercept-'))
  const written: Record<string, string> = {}
  const write = async (variable: string, authorities: string) => {
    written[variable] = join(folder, `${variable}.pem`)
    await writeFile(written[variable], authority + authorities)
  }
  for (const [variable, others] of Object.entries(variables)) {
    await write(variable, (await given([variable, ...others], environment, log)) ?? (await ofSystem()))
  }
  await write('NODE_EXTRA_CA_CERTS', (await given(['NODE_EXTRA_CA_CERTS'], environment, log)) ?? '')
  return { environment: written, remove: () => rm(folder, { recursive: true, force: true }) }
}

async function given(variables: string[], environment: Environment, log: Log): Promise<string | undefined> {
  const variable = variables.find((name) => environment[name])
  if (variable === undefined) return undefined
  try {
    return await readFile(environment[variable] as string, 'utf8')
  } catch (error) {
    log.warn(`${variable} is ignored, because it cannot be read: ${(error as Error).message}`)
    return undefined
  }
}

async function ofSystem(): Promise<string> {
  const file = systemFiles.find((path) => existsSync(path))
  return file === undefined ? rootCertificates.join('\n') : readFile(file, 'utf8')
}
