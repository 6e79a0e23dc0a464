// Completion after a dot in a function: properties of the event, as in the sample, and members of the context.
import { hints } from '../api/hints.ts'

export interface Hint {
  label: string
  /** The type of a property, or the parameters of a method. */
  detail: string
  kind: 'property' | 'method'
}

/** How many assignments are followed to resolve a name. */
const stepsMax = 4

/**
 * @param before the script up to the cursor
 * @param event the sample event
 * @returns the matching members and the part that is already typed; undefined if nothing is known
 */
export function complete(before: string, event: unknown): { hints: Hint[]; typed: string } | undefined {
  const [, path, typed = ''] = /([\w$]+(?:\(\))?(?:\??\.[\w$]+(?:\(\))?)*)\??\.([\w$]*)$/.exec(before) ?? []
  if (path === undefined) return undefined
  const found = membersOf(path.replaceAll('?', '').split('.'), { before, event }, 0)
  return found && found.length > 0 ? { hints: found, typed } : undefined
}

interface Scope {
  before: string
  event: unknown
}

function membersOf([head = '', ...rest]: string[], scope: Scope, step: number): Hint[] | undefined {
  const [eventName = 'event', contextName = 'context'] = parametersOf(scope.before)
  if (head === eventName) return membersOfValue(valueAt(scope.event, rest))
  if (head === contextName) return membersOfContext(rest)
  const meant = step < stepsMax ? meantBy(head, scope.before) : undefined
  return meant && membersOf([...meant, ...rest], scope, step + 1)
}

/** Returns the names of the parameters of the last handler before the cursor. */
function parametersOf(before: string): string[] {
  const [, given = ''] = [...before.matchAll(/\bhandle\w*\s*\(([^)]*)\)/g)].at(-1) ?? []
  return given.split(',').flatMap((each) => /^\s*([\w$]+)/.exec(each)?.[1] ?? [])
}

/** Resolves a name declared as in `const users = context.getUserApi()` or `const { user } = event`. */
function meantBy(name: string, before: string): string[] | undefined {
  const source = '([\\w$]+(?:\\(\\))?(?:\\??\\.[\\w$]+(?:\\(\\))?)*)'
  const plain = name.replaceAll('$', () => '\\$')
  const assigned = new RegExp(`\\b(?:const|let|var)\\s+${plain}\\s*=\\s*(?:await\\s+)?${source}`).exec(before)
  if (assigned?.[1]) return assigned[1].replaceAll('?', '').split('.')
  const taken = new RegExp(`\\b(?:const|let|var)\\s*\\{[^}]*\\b${plain}\\b[^}]*\\}\\s*=\\s*${source}`).exec(
    before,
  )
  return taken?.[1] ? [...taken[1].replaceAll('?', '').split('.'), name] : undefined
}

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null ? (found as Record<string, unknown>)[key] : undefined,
    value,
  )
}

function membersOfValue(value: unknown): Hint[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.entries(value).map(([label, each]) => ({ label, detail: typeName(each), kind: 'property' }))
}

const typeName = (value: unknown) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

function membersOfContext(path: string[]): Hint[] | undefined {
  return hints[path.join('.')]?.map(({ name, takes }) => ({
    label: name,
    detail: takes,
    kind: takes ? 'method' : 'property',
  }))
}
