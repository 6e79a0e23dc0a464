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

/** What becomes of custom properties under a patch's `properties`; null empties them, absence leaves them. */
export function patchProperties(properties: Json, patch: Json | null | undefined): Json | undefined {
  if (patch === undefined) return undefined
  return patch === null ? {} : (mergePatch(properties, patch) as Json)
}
