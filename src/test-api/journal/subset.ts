// Compares an entry with what a test expects: objects may have additional fields at any depth; arrays must have the
// same length and match item by item (docs/testing.md).
import { isObject } from '#resources/define.ts'

const differencesMax = 20
const shownMax = 200

/** Returns whether everything wanted is present. */
export function holds(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, at) => holds(actual[at], item))
    )
  }
  return (
    isObject(actual) &&
    Object.entries(wanted).every(([name, value]) => Object.hasOwn(actual, name) && holds(actual[name], value))
  )
}

/** Returns the differences, one line each, starting with the path: `requestBody.body is "Ho" instead of "Hi"`. */
export function differences(actual: unknown, wanted: unknown, path = ''): string[] {
  const here = path || 'the entry'
  if (typeof wanted !== 'object' || wanted === null) {
    return actual === wanted ? [] : [`${here} is ${shown(actual)} instead of ${shown(wanted)}`]
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return [`${here} is ${shown(actual)} instead of ${shown(wanted)}`]
    if (actual.length !== wanted.length) {
      return [`${here} has ${actual.length} items instead of ${wanted.length}`]
    }
    return wanted
      .flatMap((item, at) => differences(actual[at], item, `${path}[${at}]`))
      .slice(0, differencesMax)
  }
  if (!isObject(actual)) return [`${here} is ${shown(actual)} instead of ${shown(wanted)}`]
  return Object.entries(wanted)
    .flatMap(([name, value]) => {
      const at = path ? `${path}.${name}` : name
      return Object.hasOwn(actual, name)
        ? differences(actual[name], value, at)
        : [`${at} is missing, and should be ${shown(value)}`]
    })
    .slice(0, differencesMax)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}
