// The fields of a journal's entries, which an expectation may name (docs/testing.md).
import { closest } from 'fastest-levenshtein'
import { refused } from '#errors.ts'
import { journalKinds, type Kind } from '#test-api/journal/kept.ts'

const ofAll = ['position', 'time', 'kind', 'truncated'] as const
const ofHttp = ['status', 'durationMs', 'requestBody', 'responseBody', 'fault'] as const

const fieldsOf = {
  request: [...ofAll, ...ofHttp, 'method', 'path', 'query', 'operation', 'requestType', 'responseType'],
  frame: [...ofAll, 'frame', 'destination', 'type', 'username', 'body', 'ack', 'id', 'how', 'fault'],
  event: [...ofAll, 'type', 'username', 'channelId', 'threadId', 'payload'],
  function: [
    ...ofAll,
    ...(['function', 'type', 'status', 'durationMs', 'event', 'result', 'error', 'logs', 'fault'] as const),
  ],
  webhook: [...ofAll, ...ofHttp, 'webhook', 'type', 'delivery', 'attempt', 'error'],
} as const satisfies Record<Kind, readonly string[]>

/** What an entry of a kind shows; its position and time are added. Undefined fields are omitted. */
export type FactsOf<K extends Kind> = { kind: K; truncated?: true | undefined } & {
  [F in Exclude<(typeof fieldsOf)[K][number], (typeof ofAll)[number]>]?: unknown
}
export type Facts = { [K in Kind]: FactsOf<K> }[Kind]

/**
 * Refuses a match with a field, or a kind, that no entry has: nothing would ever match, and a test that expects nothing
 * would pass for the wrong reason.
 * @param kind of the entries that are considered; without one, the match may name it
 */
export function mustHaveFields(match: Record<string, unknown>, kind: Kind | undefined): void {
  const named = kind ?? match.kind
  if (named !== undefined && !isKind(named)) {
    throw refused('journal', 'match.kind', 'invalid', `match.kind: must be one of ${journalKinds.join(', ')}`)
  }
  const known: string[] = named === undefined ? Object.values(fieldsOf).flat() : [...fieldsOf[named]]
  for (const name of Object.keys(match)) {
    if (known.includes(name)) continue
    const entry = named === undefined ? 'no entry' : `no entry of kind ${named}`
    const message = `match.${name}: ${entry} has such a field; the nearest is ${closest(name, known)}`
    throw refused('journal', `match.${name}`, 'invalid', message)
  }
}

function isKind(value: unknown): value is Kind {
  return (journalKinds as readonly unknown[]).includes(value)
}
