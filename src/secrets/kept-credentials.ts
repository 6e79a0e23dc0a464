// The credentials of the first application and the first operator, kept in the home folder for the person who runs the
// server and for the command line.

import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { v4 as uuid } from 'uuid'

export interface KeptCredentials {
  clientId: string
  clientSecret: string
  apiKey: string
}

/** Credentials for the console. */
export interface KeptOperator {
  username: string
  password: string
}

/** The file can only be read by its owner. */
export const credentialsPath = (home: string) => join(home, 'credentials.json')

export const operatorPath = (home: string) => join(home, 'operator.json')

/** Holds credentials before the application is committed. */
const draftPath = (home: string) => join(home, 'credentials.json.new')

/** Returns null if there are none or they cannot be read. */
export function readCredentials(home: string): Promise<KeptCredentials | null> {
  return read<KeptCredentials>(credentialsPath(home))
}

/**
 * First of two steps, before the application is committed: from here on its secret is on disk, however the process
 * ends. {@link settleCredentials} is the second.
 */
export async function draftCredentials(home: string, credentials: KeptCredentials): Promise<void> {
  await mkdir(home, { recursive: true })
  await write(draftPath(home), credentials)
}

/**
 * Moves the draft into place if the application of that client was created, and deletes it otherwise. A start also does
 * this for a start that was interrupted.
 */
export async function settleCredentials(home: string, clientId: string): Promise<void> {
  const draft = await read<KeptCredentials>(draftPath(home))
  if (draft?.clientId === clientId) await rename(draftPath(home), credentialsPath(home))
  else await rm(draftPath(home), { force: true })
}

/** Replaces the secret of the client whose credentials are kept. Returns whether they were this client's. */
export async function replaceKeptSecret(
  home: string,
  { clientId, clientSecret }: Pick<KeptCredentials, 'clientId' | 'clientSecret'>,
): Promise<boolean> {
  const kept = await readCredentials(home)
  if (kept?.clientId !== clientId) return false
  await write(credentialsPath(home), { ...kept, clientSecret })
  return true
}

/** Returns null if there is none or it cannot be read. */
export function readOperator(home: string): Promise<KeptOperator | null> {
  return read<KeptOperator>(operatorPath(home))
}

export async function keepOperator(home: string, operator: KeptOperator): Promise<void> {
  await mkdir(home, { recursive: true })
  await write(operatorPath(home), operator)
}

async function read<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return null
  }
}

/** Writes the file atomically and durably. */
async function write(path: string, credentials: KeptCredentials | KeptOperator): Promise<void> {
  const part = `${path}.${uuid()}`
  try {
    await writeFile(part, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flush: true })
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}
