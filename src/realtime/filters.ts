// Parses the filters of a relay, which are header texts.
import { ChatError } from '#errors.ts'
import type { Filters } from '#realtime/handlers.ts'

/** Returns a boolean filter. @throws ChatError ValidationError if it is neither true nor false */
export function flag(filters: Filters, name: keyof Filters): boolean | undefined {
  const value = filters[name]
  if (value === undefined) return undefined
  if (value !== 'true' && value !== 'false') throw wrong(name, 'must be true or false')
  return value === 'true'
}

/** Returns a filter that must be one of `words`. @throws ChatError ValidationError for any other value */
export function oneOf<const W extends string>(
  filters: Filters,
  name: keyof Filters,
  words: readonly W[],
): W | undefined {
  const value = filters[name]
  const word = words.find((each) => each === value)
  if (value !== undefined && word === undefined) throw wrong(name, `must be one of ${words.join(', ')}`)
  return word
}

/** Returns a filter that is an id, or undefined. @throws ChatError ValidationError if it is not an id */
export function optionalId(filters: Filters, name: keyof Filters): number | undefined {
  return filters[name] === undefined ? undefined : requiredId(filters, name)
}

/** Returns a filter that is an id. @throws ChatError ValidationError if it is missing or not an id */
export function requiredId(filters: Filters, name: keyof Filters): number {
  const id = Number(filters[name])
  if (!Number.isSafeInteger(id) || id < 1) throw wrong(name, 'must be an id')
  return id
}

function wrong(field: string, message: string): ChatError {
  return new ChatError('ValidationError', `${field} ${message}`, [
    { resource: 'relay', field, code: 'invalid', message: `${field} ${message}` },
  ])
}
