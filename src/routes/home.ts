// The page that a person sees who opens the server in a browser: that it runs, and what to do next. To a developer at
// the same machine it also shows a live chat, which uses the official client against this server.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { findFirstKey } from '#domain/applications/find-first-key.ts'
import { asset, lazyBundle, policyOf, readText, sendAsset } from '#routes/assets.ts'
import { originOf } from '#routes/origin.ts'

/** What is only shown with the demo. */
const keyFact = '<div><dt>API key</dt><dd><code>{{apiKey}}</code></dd></div>'

/** Answers with the page. */
type Home = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

/** Serves what the page asks for, and gives the page. */
export async function openHome(scope: FastifyInstance, ctx: Context): Promise<Home> {
  const [page, demo, css, icon, script, version] = await Promise.all([
    read('page.html'),
    read('demo.html'),
    read('page.css'),
    read('icon.svg'),
    read('page.js'),
    readText(new URL('../../package.json', import.meta.url)).then((text) => JSON.parse(text).version),
  ])
  const full = page.replace('<!-- key -->', () => keyFact).replace('<!-- demo -->', () => demo)
  const demoScript = lazyBundle(new URL('../pages/home/demo.ts', import.meta.url))

  const assets = {
    'page.css': asset('text/css', css),
    'icon.svg': asset('image/svg+xml', icon),
    'page.js': asset('text/javascript', script),
  }
  for (const [name, asset] of Object.entries(assets)) {
    scope.get(`/home/${name}`, async (request, reply) => sendAsset(request, reply, asset))
  }

  scope.get('/home/demo.js', async (request, reply) => {
    if (!isDemoShown(ctx, request)) return reply.callNotFound()
    return sendAsset(request, reply, await demoScript())
  })

  return async (request, reply) => {
    const key = isDemoShown(ctx, request) ? await findFirstKey(ctx) : undefined
    const base = ctx.config.publicUrl ?? originOf(request)
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
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(request) })
      .send(fill(key ? full : page, values))
  }
}

/** What proxies say of whom they ask for. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * Whether a request may see the API key and the demo: as the settings say, or else where both the server and who asks
 * are of this machine. A name that merely leads here (DNS rebinding) or a proxy is not.
 */
function isDemoShown({ config }: Context, { headers }: FastifyRequest): boolean {
  if (config.demoPage !== undefined) return config.demoPage
  return (
    isLoopback(config.host) &&
    (!config.publicUrl || isLoopback(URL.parse(config.publicUrl)?.hostname)) &&
    isLoopback(URL.parse(`http://${headers.host}`)?.hostname) &&
    !forwardingHeaders.some((name) => name in headers)
  )
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host)
}

function read(name: string): Promise<string> {
  return readText(new URL(`../pages/home/${name}`, import.meta.url))
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
