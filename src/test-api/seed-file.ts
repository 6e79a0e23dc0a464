// Reads a seed from a file, for the first application of an ephemeral server.
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Seed } from '#resources/worlds/seed.ts'
import { readBody } from '#test-api/reading.ts'
import { readSeed, SeedBody } from '#test-api/seeds.ts'

const File = z.strictObject({ seed: SeedBody })

/** @throws Error that names the file and what is wrong with it, to be shown to the person who started the server */
export async function readSeedFile(path: string): Promise<Seed> {
  try {
    const { seed } = readBody('world', File, { seed: JSON.parse(await readFile(path, 'utf8')) })
    return readSeed(seed)
  } catch (cause) {
    throw new Error(`the seed ${path} cannot be used: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}
