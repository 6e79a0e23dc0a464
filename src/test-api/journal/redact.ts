// Removes secrets from the journal, because journals end up in CI logs (testing contract 5).

const mask = '***'
/** Values nested deeper than this are masked. */
const depthMax = 64

/** Matches names whose last word denotes a secret: `access_token`, `clientSecret`, `secret`, `GRANT`. */
const secretName = /(?:^|_)(?:token|secret|password|passphrase|authorization|grant|auth_params)$/

function isSecret(name: string): boolean {
  return secretName.test(
    name.replace(/([a-z\d])([A-Z])/g, (_, before, after) => `${before}_${after}`).toLowerCase(),
  )
}

/** Secrets in text that is not JSON: `"client_secret":"…"`, `access_token=…`. Examines each word once, however long. */
const inText =
  /((?<!\w)"?\w*(?:token|secret|password|passphrase|authorization|grant|authParams)"?\s*[:=]\s*)("(?:[^"\\]|\\.)*(?:"|$)|[^\s&"',}]+)/gi

/**
 * Returns a copy without secrets: masks values whose name denotes a secret, and known secrets within any text.
 * @param known secrets that the request itself contained, such as its token
 */
export function redact(value: unknown, known: readonly string[] = [], depth = 0): unknown {
  if (typeof value === 'string') return redactText(value, known)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= depthMax) return mask
  if (Array.isArray(value)) return value.map((item) => redact(item, known, depth + 1))
  const entries = Object.entries(value).map(([name, item]) => [
    redactText(name, known),
    isSecret(name) && item != null ? mask : redact(item, known, depth + 1),
  ])
  return Object.fromEntries(entries)
}

/** Like {@link redact}, for text in any format. */
export function redactText(text: string, known: readonly string[] = []): string {
  const without = known.reduce((left, secret) => (secret ? left.replaceAll(secret, () => mask) : left), text)
  return without.replace(inText, (_, name: string) => name + mask)
}
