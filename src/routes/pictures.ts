// Default avatars of users. They need no authentication, because clients display them without credentials.
import type { FastifyInstance } from 'fastify'

export async function pictures(scope: FastifyInstance) {
  scope.get<{ Params: { text: string } }>('/picture/:text', async (request, reply) =>
    reply
      .headers({
        'content-type': 'image/svg+xml',
        'cache-control': 'public, max-age=86400',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      })
      .send(avatar(request.params.text.replaceAll('+', ' '))),
  )
}

/** Characters that XML cannot contain, not even escaped [XML 1.0 section 2.2]. */
const notXml = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/** Returns a square in a colour derived from the name, with its initials. */
function avatar(name: string): string {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7)
  const words = name.replace(notXml, ' ').trim().split(/\s+/)
  const initials = [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
    .replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="256" height="256">` +
    `<rect width="64" height="64" fill="hsl(${hue} 45% 45%)"/>` +
    `<text x="32" y="33" fill="#fff" font-family="system-ui,sans-serif" font-size="26" text-anchor="middle"` +
    ` dominant-baseline="central">${initials}</text></svg>`
  )
}
