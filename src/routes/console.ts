// The operators' console: one page for all of its addresses, which uses the admin API.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { pathOf, readPage, sendPage } from '#routes/pages.ts'

/** Paths that are not addresses of the page even if nothing else serves them. */
const elsewhere = /^\/console\/(assets|sign-in)\//

/** The console frames the preview of the chat. */
const liberties = { 'frame-src': "'self'" }

export async function consolePage(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const page = await readPage('built/console/page.html')

  const { oidc, passwords } = ctx.config
  /** The ways in which operators can sign in. */
  const ways = [passwords && 'password', oidc && 'oidc'].filter(Boolean).join(' ')

  scope.get('/console', send)
  scope.get('/console/*', async (request, reply) =>
    elsewhere.test(request.url) ? reply.callNotFound() : send(request, reply),
  )

  /** All links start with the path of PUBLIC_URL, if it has one. */
  async function send(request: FastifyRequest, reply: FastifyReply) {
    const base = ctx.baseUrl(request.origin)
    const html = page.replaceAll('{{path}}', () => encodeURI(pathOf(base))).replace('{{ways}}', () => ways)
    return sendPage(reply.removeHeader('access-control-allow-origin'), html, base, liberties)
  }
}
