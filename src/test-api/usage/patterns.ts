// Which address of the real-time door a destination is: `/application/channels/{id}.message`.
import { allHypermedia } from '#resources/hypermedia.ts'
import { currentUserAliases } from '#resources/user.ts'
import { readDestination } from '#wire/stompx.ts'

/** By their form, numbers made `#`. */
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

/** The address that a destination is one of; undefined where there is none. */
export function patternOf(group: keyof typeof patterns, destination: string): string | undefined {
  return patterns[group].get(readDestination(destination).plain.replaceAll(/\d+/g, '#'))
}

/** Whether a destination names the version, as clients of older generations have it. */
export function isLegacy(destination: string): boolean {
  return readDestination(destination).isLegacy
}
