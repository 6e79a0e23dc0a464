// The server that fixtures give.
import type { Chatterie } from './chatterie.ts'
import { connectChatterie } from './connect.ts'
import { type StartOptions, startChatterie } from './start.ts'

/** The one that runs already, by `chatterie exec` or `chatterie/testing/setup`; else one of this process's own. */
export function openChatterie(options: StartOptions): Promise<Chatterie> {
  const url = process.env.CHATTERIE_URL
  return url ? connectChatterie(url, process.env.TEST_API_TOKEN) : startChatterie(options)
}

const nameMax = 512

/** A world is named after its test. */
export function nameOf(title: string): { name?: string } {
  const name = title.trim().slice(0, nameMax).toWellFormed()
  return name === '' ? {} : { name }
}
