const looksSecret = /passw|passphrase|secret|token|authorization|credential|jwt|key$/i
const mask = '***'

/** Deeper than the arguments that are stored. */
const depthMax = 100

/**
 * Returns a copy, to be stored, of a function's arguments: values under keys that look like those of secrets are
 * masked, at any depth. The function itself receives the originals.
 */
export function maskSecrets<T>(value: T): T {
  return masked(value, 0) as T
}

function masked(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === depthMax) return mask
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1))
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    looksSecret.test(key) && item !== null ? mask : masked(item, depth + 1),
  ])
  return Object.fromEntries(entries)
}
