// Files of authorities, by which programs in any language come to trust this run's one besides those they trusted.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Environment, Log } from '#intercept/intercept.ts'

/** Whose authorities a variable's programs go by where it is not set: those of the first of these that is. */
const variables = {
  SSL_CERT_FILE: [],
  CURL_CA_BUNDLE: ['SSL_CERT_FILE'],
  REQUESTS_CA_BUNDLE: ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'],
}

/** Where systems keep theirs: Debian and Alpine, Fedora, SUSE, macOS. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

export interface Bundles {
  /** Each variable, and the file it is to name. */
  environment: Record<string, string>
  remove(): Promise<void>
}

/**
 * Writes the files, in which the authority comes first, to a folder that is this user's alone.
 * @param authority in PEM
 * @param environment where other bundles may be named; what they hold is kept
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
    log.warn(`${variable} cannot be read, and is left out: ${(error as Error).message}`)
    return undefined
  }
}

async function ofSystem(): Promise<string> {
  const file = systemFiles.find((path) => existsSync(path))
  return file === undefined ? rootCertificates.join('\n') : readFile(file, 'utf8')
}
