// Takes secrets out of what is kept: a journal ends up in the logs of a CI (testing contract 5).

const mask = '***'
/** Deeper than this nothing is kept. */
const depthMax = 64

/** `access_token`, `clientSecret`, `secret`, `GRANT`: the last word says what it is. */
const secretName = /(?:^|_)(?:token|secret|password|passphrase|authorization|grant|auth_params)$/

function isSecret(name: string): boolean {
  return secretName.test(
    name.replace(/([a-z\d])([A-Z])/g, (_, before, after) => `${before}_${after}`).toLowerCase(),
  )
}

/** What stands in a text that is no JSON: `"client_secret":"…"` and `access_token=…`. It looks at a word once, however long. */
const inText =
  /((?<!\w)"?\w*(?:token|secret|password|passphrase|authorization|grant|authParams)"?\s*[:=]\s*)("(?:[^"\\]|\\.)*(?:"|$)|[^\s&"',}]+)/gi

/**
 * A copy without secrets: values are masked whose name says that they are one, and texts that hold a known one.
 * @param known secrets that the request itself brought, such as its token
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

/** As {@link redact}, of a text in any form. */
export function redactText(text: string, known: readonly string[] = []): string {
  const without = known.reduce((left, secret) => (secret ? left.replaceAll(secret, () => mask) : left), text)
  return without.replace(inText, (_, name: string) => name + mask)
}
