// The page for people who open the server in a browser: it shows that the server runs and what to do next. With
// DEMO_PAGE=on it also has a live chat, which uses the official client against this server.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { findFirstKey } from '#domain/applications/find-first-key.ts'
import { packageVersion } from '#place.ts'
import { pathOf, readPage, sendPage } from '#routes/pages.ts'

/** The API key, which is shown only with the demo. */
const keyFact = '<div><dt>API key</dt><dd><code>{{apiKey}}</code></dd></div>'

/** Shown in place of the demo. */
const demoHint = '<p class="note">Start with <code>DEMO_PAGE=on</code> to try a live chat here.</p>'

/** Sends the page. */
type Home = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Loads the page and returns its handler. */
export async function openHome(ctx: Context): Promise<Home> {
  const [page, demo, version] = await Promise.all([
    readPage('home/page.html'),
    readPage('home/demo.html'),
    packageVersion(),
  ])
  const full = page.replace('<!-- key -->', () => keyFact).replace('<!-- demo -->', () => demo)
  const plain = page.replace('<!-- key -->', () => '').replace('<!-- demo -->', () => demoHint)

  return async (request, reply) => {
    const key = ctx.config.demoPage ? await findFirstKey(ctx) : undefined
    const base = ctx.baseUrl(request.origin)
    const values = {
      version,
      apiVersion: String(reply.getHeader('x-api-version')),
      base,
      path: pathOf(base),
      host: base.slice(base.indexOf('//') + 2),
      secure: String(base.startsWith('https:')),
      clientId: key?.clientId ?? '…',
      apiKey: key?.apiKey ?? '…',
    }
    // No other site's script may read the page, because it may contain the API key.
    reply.removeHeader('access-control-allow-origin')
    return sendPage(reply, fill(key ? full : plain, values), base)
  }
}

/** Replaces each `{{name}}` with its value, escaped so that no value can become markup. */
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
