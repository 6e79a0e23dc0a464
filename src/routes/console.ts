// The console for those who run the installation: one page for all of its addresses, which talks to the admin API.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { policyOf, readPage } from '#routes/pages.ts'

/** What is no address of the page, where nothing else serves it. */
const elsewhere = /^\/console\/(assets|sign-in)\//

/** It frames the preview of the chat. */
const liberties = { 'frame-src': "'self'" }

export async function consolePage(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const page = await readPage('built/console/page.html')

  const { oidc, passwords } = ctx.config
  /** By what operators sign in. */
  const ways = [passwords && 'password', oidc && 'oidc'].filter(Boolean).join(' ')

  scope.get('/console', send)
  scope.get('/console/*', async (request, reply) =>
    elsewhere.test(request.url) ? reply.callNotFound() : send(request, reply),
  )

  /** Where a PUBLIC_URL has a path, all links begin with it. */
  async function send(request: FastifyRequest, reply: FastifyReply) {
    const base = ctx.baseUrl(request.origin)
    const path = new URL(base).pathname.replace(/\/$/, '')
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policyOf(base, liberties),
      })
      .removeHeader('access-control-allow-origin')
      .send(page.replaceAll('{{path}}', () => encodeURI(path)).replace('{{ways}}', () => ways))
  }
}
