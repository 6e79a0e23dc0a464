// The auth params that a client sends in the header StompX-Auth-Params (runtime contract 1.2).
import { isUtf8 } from 'node:buffer'
import { ChatError } from '#errors.ts'
import { Properties } from '#resources/define.ts'

const header = 'StompX-Auth-Params'

/** Values that clients send for absent auth params (runtime contract 1.6). */
const absent = ['', 'undefined', 'null']

/**
 * Parses the header: base64 of JSON in UTF-8 or else Latin-1, as browsers encode it, or plain JSON, as the oldest
 * clients send it. Returns an empty object if there is none.
 * @throws ChatError AccessDeniedError for anything but an object
 */
export function readAuthParams(text: string | undefined): Record<string, unknown> {
  const given = text?.trim() ?? ''
  if (absent.includes(given)) return {}
  const parsed = Properties.safeParse(parse(given.startsWith('{') ? given : decode(given)))
  if (parsed.success) return parsed.data
  throw new ChatError('AccessDeniedError', `${header}: the authParams ${parsed.error.issues[0]?.message}`)
}

/** Looks for one character, because a pattern of the whole text can exhaust the stack of regular expressions. */
const notBase64 = /[^A-Za-z0-9+/_-]/

function decode(text: string): string {
  const digits = text.replace(/={1,2}$/, '')
  if (digits === '' || notBase64.test(digits)) throw unreadable()
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1')
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw unreadable()
  }
}

function unreadable(): ChatError {
  return new ChatError('AccessDeniedError', `${header} must hold an object as JSON, in base64`)
}
