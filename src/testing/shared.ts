// The server of the fixtures.
import type { Chatterie } from './chatterie.ts'
import { connectChatterie } from './connect.ts'
import { type StartOptions, startChatterie } from './start.ts'

/** Connects to the server of `chatterie exec` or `chatterie/testing/setup`; if there is none, starts one. */
export function openChatterie(options: StartOptions): Promise<Chatterie> {
  const url = process.env.CHATTERIE_URL
  return url ? connectChatterie(url, process.env.TEST_API_TOKEN || undefined) : startChatterie(options)
}

const nameMax = 512

/** Derives the name of a world from the title of its test. */
export function nameOf(title: string): { name?: string } {
  const name = title.trim().slice(0, nameMax).toWellFormed()
  return name === '' ? {} : { name }
}
