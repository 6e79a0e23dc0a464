// Converts results of functions to JSON: in full, or as much as JSON can represent, with a note about the rest.
import { resultBytesMax } from '#functions/protocol.ts'

export interface Recorded {
  json: string
  /** Says what is missing in `json`. */
  note?: string
}

const { stringify } = JSON
const { isArray } = Array
const depthMax = 64
/** Limit for excerpts of values that are too large; JSON uses up to six bytes per character. */
const charactersMax = resultBytesMax / 8
const numberCharacters = 24
/** Allowance per item for quotes, commas and colons. */
const itemCharacters = 4

/** Never throws, even for a client's response, circular references or throwing getters. */
export function toRecord(value: unknown): Recorded {
  try {
    const json = typeof value === 'function' || typeof value === 'symbol' ? undefined : stringify(value)
    if (json === undefined) return value === undefined ? { json: 'null' } : excerpt(value)
    const bytes = Buffer.byteLength(json)
    return bytes <= resultBytesMax
      ? { json }
      : excerpt(value, `it has ${bytes} bytes of JSON, ${resultBytesMax} are the most`)
  } catch {
    return excerpt(value)
  }
}

function excerpt(value: unknown, problem?: string): Recorded {
  const problems = new Set<string>(problem === undefined ? [] : [problem])
  try {
    const json = stringify(new Excerpt(problems).of(value)) ?? 'null'
    return { json: Buffer.byteLength(json) <= resultBytesMax ? json : 'null', note: [...problems].join('; ') }
  } catch {
    return { json: 'null', note: 'it cannot be read' }
  }
}

/** Copies plain objects, arrays and primitives, up to a size limit. */
class Excerpt {
  readonly #problems: Set<string>
  readonly #above: object[] = []
  #left = charactersMax

  constructor(problems: Set<string>) {
    this.#problems = problems
  }

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'bigint':
        this.#problems.add('a BigInt is recorded as text')
        return this.#text(String(value))
      case 'function':
      case 'symbol':
        this.#problems.add(`it is a ${typeof value}, which JSON cannot represent`)
        return this.#text(typeof value === 'symbol' ? String(value) : `[Function: ${value.name}]`)
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        this.#left -= numberCharacters
        return value
    }
  }

  #text(text: string): string {
    const cut = text.slice(0, Math.max(0, this.#left))
    this.#left -= cut.length
    return cut.length === text.length ? text : `${cut}…`
  }

  #object(given: object): unknown {
    if (this.#above.includes(given)) {
      this.#problems.add('it is circular')
      return '[Circular]'
    }
    if (this.#above.length >= depthMax) {
      this.#problems.add(`it has more than ${depthMax} levels`)
      return '…'
    }
    this.#above.push(given)
    try {
      const { toJSON } = given as { toJSON?: unknown }
      if (typeof toJSON !== 'function') return this.#items(given)
      const said = toJSON.call(given, '')
      return typeof said === 'object' && said !== null ? this.#items(said) : this.of(said)
    } catch (error) {
      this.#problems.add(`a part of it cannot be read: ${messageOf(error)}`)
      return '[Unreadable]'
    } finally {
      this.#above.pop()
    }
  }

  #items(given: object): unknown {
    if (isArray(given)) {
      const items: unknown[] = []
      for (let at = 0; at < given.length && this.#left > 0; at++) {
        this.#left -= itemCharacters
        items.push(isLeftOut(given[at]) ? null : this.of(given[at]))
      }
      return items
    }
    const entries: [string, unknown][] = []
    for (const key of Object.keys(given)) {
      if (this.#left <= 0) break
      this.#left -= itemCharacters + key.length
      const value = this.#read(given, key)
      if (!isLeftOut(value)) entries.push([key, this.of(value)])
    }
    return Object.fromEntries(entries)
  }

  #read(from: object, key: string): unknown {
    try {
      return Reflect.get(from, key)
    } catch (error) {
      this.#problems.add(`a part of it cannot be read: ${messageOf(error)}`)
      return '[Unreadable]'
    }
  }
}

/** Returns whether JSON omits the value from objects. */
function isLeftOut(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol'
}

function messageOf(error: unknown): string {
  try {
    return String((error as { message?: unknown }).message).slice(0, 200)
  } catch {
    return 'it throws'
  }
}
