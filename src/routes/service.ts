// What is open to everybody: the root, the health of the server, default avatars.
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'

export async function service(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  /** 200 when requests can be served: the database answers. */
  scope.get('/health', async (_request, reply) => {
    await ctx.db.query({ text: 'select 1' }, []).catch((error) => {
      ctx.log.warn({ err: error }, 'the database does not answer')
      throw new ChatError('ServiceUnavailableError', 'The database does not answer')
    })
    return reply.send({ status: 'UP' })
  })

  for (const url of ['/', '/v1']) {
    scope.get(url, async (request, reply) => {
      const base = ctx.config.publicUrl ?? `${request.protocol}://${request.host}`
      return reply.send({
        _links: { self: { href: base + url }, application: { href: `${base}/v1/application` } },
      })
    })
  }

  for (const url of ['/picture/:text', '/v1/picture/:text']) {
    scope.get<{ Params: { text: string } }>(url, async (request, reply) =>
      reply
        .headers({
          'content-type': 'image/svg+xml',
          'cache-control': 'public, max-age=86400',
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        })
        .send(avatar(request.params.text.replaceAll('+', ' '))),
    )
  }
}

/** A square in a colour of the name's own, with its initials. */
function avatar(name: string): string {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7)
  const words = name.trim().split(/\s+/)
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
