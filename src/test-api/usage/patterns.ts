// Finds the address of the real-time API that a destination matches: `/application/channels/{id}.message`.
import { allHypermedia } from '#resources/hypermedia.ts'
import { currentUserAliases } from '#resources/user.ts'
import { readDestination } from '#wire/stompx.ts'

/** Patterns by destination, with numbers and parameters replaced by `#`. */
type Patterns = ReadonlyMap<string, string>

function patternsOf(group: 'relays' | 'topics' | 'actions'): Patterns {
  const addresses = allHypermedia.flatMap((hypermedia) => Object.values(hypermedia[group]))
  const others = group === 'relays' ? Object.values(currentUserAliases) : []
  return new Map(
    [...addresses, ...others].map(({ pattern }) => [pattern.replaceAll(/\{\w+\}/g, '#'), pattern]),
  )
}

const patterns = {
  relays: patternsOf('relays'),
  topics: patternsOf('topics'),
  actions: patternsOf('actions'),
}

/** Returns the address pattern of a destination; undefined if there is none. */
export function patternOf(group: keyof typeof patterns, destination: string): string | undefined {
  return patterns[group].get(readDestination(destination).plain.replaceAll(/\d+/g, '#'))
}

/** Returns whether a destination includes the version, as older generations of clients send it. */
export function isLegacy(destination: string): boolean {
  return readDestination(destination).isLegacy
}
