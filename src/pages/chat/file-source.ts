// Where the bytes of a file are, and who is shown the grant of whoever looks.
import { validate as isUuid } from 'uuid'

const hostedPath = /^v1\/files\/([^/]+)(\/[^/]*)?$/

/**
 * The address to load a file from. The server's own files are asked for where the page itself is from, with the grant;
 * files of others at their own address, without it.
 * @param page the address of the chat, which the server's files are beside
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
