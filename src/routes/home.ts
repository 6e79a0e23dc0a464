// The page that a person sees who opens the server in a browser: that it runs, and what to do next. To a developer at
// the same machine it also shows a live chat, which uses the official client against this server.
import { readFile } from 'node:fs/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { findFirstKey } from '#domain/applications/find-first-key.ts'
import { policyOf, readPage } from '#routes/pages.ts'
import { isLoopback } from '#wire/loopback.ts'

/** What is only shown with the demo. */
const keyFact = '<div><dt>API key</dt><dd><code>{{apiKey}}</code></dd></div>'

/** Answers with the page. */
type Home = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Gives the page. */
export async function openHome(ctx: Context): Promise<Home> {
  const [page, demo, manifest] = await Promise.all([
    readPage('home/page.html'),
    readPage('home/demo.html'),
    readFile(new URL('../../package.json', import.meta.url), 'utf8'),
  ])
  const { version } = JSON.parse(manifest)
  const full = page.replace('<!-- key -->', () => keyFact).replace('<!-- demo -->', () => demo)

  return async (request, reply) => {
    const key = isDemoShown(ctx, request) ? await findFirstKey(ctx) : undefined
    const base = ctx.baseUrl(request.origin)
    const { protocol, pathname } = new URL(base)
    const values = {
      version,
      apiVersion: String(reply.getHeader('x-api-version')),
      base,
      path: pathname.replace(/\/$/, ''),
      host: base.slice(base.indexOf('//') + 2),
      secure: String(protocol === 'https:'),
      clientId: key?.clientId ?? '…',
      apiKey: key?.apiKey ?? '…',
    }
    // Nobody's script but the page's own may read it: it may hold the API key.
    reply.removeHeader('access-control-allow-origin')
    return reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(base) })
      .send(fill(key ? full : page, values))
  }
}

/** What proxies say of whom they ask for. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether a request may see the API key and the demo: as the settings say, or else where both the server and who asks
 * are of this machine. A name that merely leads here (DNS rebinding) or a proxy is not.
 */
export function isDemoShown({ config }: Context, { headers }: FastifyRequest): boolean {
  if (config.demoPage !== undefined) return config.demoPage
  return (
    isLoopback(config.host) &&
    (!config.publicUrl || isLoopback(URL.parse(config.publicUrl)?.hostname ?? '')) &&
    isLoopback(URL.parse(`http://${headers.host}`)?.hostname ?? '') &&
    !forwardingHeaders.some((name) => name in headers)
  )
}

/** Puts values for their `{{names}}`, none of which can become markup. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => escapeHtml(values[name] ?? ''))
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
