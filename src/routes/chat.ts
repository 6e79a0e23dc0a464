// The chat that loadChatUi of the official client shows in a frame of any page (runtime contract 10.2).
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { getWidgetUi } from '#domain/applications/get-widget-ui.ts'
import { asset, lazyBundle, readText, sendAsset } from '#routes/assets.ts'
import { originOf } from '#routes/origin.ts'

export async function chat(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const [page, css] = await Promise.all(
    ['page.html', 'page.css'].map((name) => readText(new URL(`./chat/${name}`, import.meta.url))),
  )
  const styles = asset('text/css', css ?? '')
  const script = lazyBundle(new URL('./chat/main.ts', import.meta.url))

  scope.get('/chat', async (request, reply) => {
    reply.removeHeader('x-frame-options')
    return reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(request) })
      .send(page)
  })
  scope.get('/chat/page.css', async (request, reply) => sendAsset(request, reply, styles))
  scope.get('/chat/app.js', async (request, reply) => sendAsset(request, reply, await script()))
  scope.get('/chat/settings', async (request, reply) => {
    const { widget_id: widgetId } = request.query as Record<string, unknown>
    return reply.send(await getWidgetUi(ctx, String(widgetId)))
  })
}

/** It may be framed by anybody, runs its own scripts alone, and shows pictures and files wherever they are. */
function policyOf(request: FastifyRequest): string {
  const socket = originOf(request).replace(/^http/, 'ws') // which older browsers do not count as 'self'
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src * data: blob:',
    'media-src * data: blob:',
    `connect-src 'self' ${socket}`,
    "base-uri 'none'",
    "form-action 'none'",
    'frame-ancestors *',
  ].join('; ')
}
