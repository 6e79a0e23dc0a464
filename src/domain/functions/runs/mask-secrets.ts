const looksSecret = /passw|passphrase|secret|token|authorization|credential|jwt|key$/i
const mask = '***'

/** Deeper than what is kept of it. */
const depthMax = 100

/**
 * A copy to keep, of what a function is given: values whose key looks like that of a secret are masked, at any depth.
 * The function itself gets them as they are.
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
