// The framing of SockJS: `o` opens, `h` is a heart-beat, `a["…"]` carries messages, `c[…]` closes.

/** The interval of the reference server; proxies drop connections that are silent for longer. */
export const sockJsBeatMs = 25_000

export const closeReason = 'Closed by the server'

export function messageFrame(texts: string[]): string {
  return `a${JSON.stringify(texts)}`
}

export function closeFrame(code: number): string {
  return `c${JSON.stringify([code, closeReason])}`
}

/** Parses a client's payload, a JSON array of texts or one text; undefined if it is neither. */
export function textsOf(payload: string): string[] | undefined {
  if (payload === '') return []
  let value: unknown
  try {
    value = JSON.parse(payload)
  } catch {
    return undefined
  }
  const texts = Array.isArray(value) ? value : [value]
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}
