// Random numbers, reproducible with a seed.
import { createHash } from 'node:crypto'

/** Returns a random number in [0, 1). */
export type Chance = () => number

/** @param seed makes the sequence reproducible; without one it differs each time */
export function openChance(seed: number | string | undefined): Chance {
  if (seed === undefined) return Math.random
  let state = createHash('sha256').update(String(seed)).digest().readUInt32LE()
  return () => {
    // mulberry32 (Tommy Ettinger, public domain)
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
