// Determines from where to load a file, and whether to send the user's grant.
import { validate as isUuid } from 'uuid'

const hostedPath = /^v1\/files\/([^/]+)(\/[^/]*)?$/

/**
 * Returns the address from which to load a file. The server's own files are loaded from the page's origin, with the
 * grant; other files from their own address, without it.
 * @param page the address of the chat, to which the paths of the server's files are relative
 */
export function sourceOf({ type, url }: { type: string; url: string }, grant: string, page: string): string {
  const base = new URL('.', page)
  const at = new URL(url, base)
  const isOurs =
    (type === 'HOSTED' || at.origin === base.origin) &&
    at.pathname.startsWith(base.pathname) &&
    isUuid(hostedPath.exec(at.pathname.slice(base.pathname.length))?.[1])
  if (!isOurs) return url
  const own = new URL(at.pathname, base)
  own.searchParams.set('grant', grant)
  return own.href
}
