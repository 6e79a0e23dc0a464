// The chat that loadChatUi of the official client shows in a frame of any page (runtime contract 10.2).
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { getWidgetUi } from '#domain/applications/get-widget-ui.ts'
import { asset, lazyBundle, policyOf, readText, sendAsset } from '#routes/assets.ts'

export async function chat(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const [page, css] = await Promise.all(
    ['page.html', 'page.css'].map((name) => readText(new URL(`../pages/chat/${name}`, import.meta.url))),
  )
  const styles = asset('text/css', css ?? '')
  const script = lazyBundle(new URL('../pages/chat/main.ts', import.meta.url))

  scope.get('/chat', async (request, reply) => {
    reply.removeHeader('x-frame-options')
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policyOf(request, liberties),
      })
      .send(page)
  })
  scope.get('/chat/page.css', async (request, reply) => sendAsset(request, reply, styles))
  scope.get('/chat/app.js', async (request, reply) => sendAsset(request, reply, await script()))
  scope.get('/chat/settings', async (request, reply) => {
    const { widget_id: widgetId } = request.query as Record<string, unknown>
    return reply.send(await getWidgetUi(ctx, String(widgetId)))
  })
}

/** It may be framed by anybody, and shows pictures and files wherever they are. */
const liberties = {
  'img-src': '* data: blob:',
  'media-src': '* data: blob:',
  'frame-ancestors': '*',
}
