import { isObject } from '#resources/define.ts'

type Json = Record<string, unknown>

/**
 * Applies a merge patch (RFC 7396): null removes a key, objects merge, everything else replaces. Keys are data, even
 * `__proto__`, so the result is made with fromEntries, which defines keys and never assigns them.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const merged = new Map(isObject(target) ? Object.entries(target) : [])
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, mergePatch(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}

/** A change of custom properties: a merge patch (null empties them), or a replacement. */
export type PropertiesChange = { merge: Json | null } | { replace: Json }

/** Returns the changed custom properties; undefined if nothing changes. */
export function changedProperties(properties: Json, change: PropertiesChange | undefined): Json | undefined {
  if (change === undefined) return undefined
  if ('replace' in change) return change.replace
  return change.merge === null ? {} : (mergePatch(properties, change.merge) as Json)
}

/** Returns the changes of a request whose `properties` are a merge patch. */
export function merging<C extends { properties?: Json | null | undefined }>({ properties, ...rest }: C) {
  return { ...rest, ...(properties !== undefined && { properties: { merge: properties } }) }
}

/** Returns the changes of a request whose `properties` replace the existing ones. */
export function replacing<C extends { properties?: Json | undefined }>({ properties, ...rest }: C) {
  return { ...rest, ...(properties !== undefined && { properties: { replace: properties } }) }
}
