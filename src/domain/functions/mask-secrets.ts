const looksSecret = /passw|passphrase|secret|token|authorization|credential|jwt|key$/i
const mask = '***'

/**
 * A copy to keep, of what a function is given: values whose key looks like that of a secret are masked, at any depth.
 * The function itself gets them as they are.
 */
export function maskSecrets<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(maskSecrets) as T
  const entries = Object.entries(value).map(([key, item]) => [
    key,
    looksSecret.test(key) && item !== null ? mask : maskSecrets(item),
  ])
  return Object.fromEntries(entries) as T
}
