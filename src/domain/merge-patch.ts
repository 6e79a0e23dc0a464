type Json = Record<string, unknown>

/**
 * RFC 7396: null removes a key, objects merge, everything else replaces. Keys are data, `__proto__` too, so the
 * result is made with fromEntries, which defines keys and never assigns them.
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

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How custom properties change: by a merge patch, of which null empties them, or to others in their place. */
export type PropertiesChange = { merge: Json | null } | { replace: Json }

/** What becomes of custom properties; undefined where nothing does. */
export function changedProperties(properties: Json, change: PropertiesChange | undefined): Json | undefined {
  if (change === undefined) return undefined
  if ('replace' in change) return change.replace
  return change.merge === null ? {} : (mergePatch(properties, change.merge) as Json)
}

/** What a request changes, its `properties` being a merge patch. */
export function merging<C extends { properties?: Json | null | undefined }>({ properties, ...rest }: C) {
  return { ...rest, ...(properties !== undefined && { properties: { merge: properties } }) }
}

/** What a request changes, its `properties` standing in place of those there are. */
export function replacing<C extends { properties?: Json | undefined }>({ properties, ...rest }: C) {
  return { ...rest, ...(properties !== undefined && { properties: { replace: properties } }) }
}
