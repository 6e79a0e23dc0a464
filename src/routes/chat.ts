// The chat that loadChatUi of the official client shows in a frame on any page (runtime contract 10.2).
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { getWidgetUi } from '#domain/applications/get-widget-ui.ts'
import { readPage, sendPage } from '#routes/pages.ts'

export async function chat(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const page = await readPage('chat/page.html')
  const preview = await readPage('chat/preview.html')

  scope.get('/chat', async (request, reply) => {
    reply.removeHeader('x-frame-options')
    return sendPage(reply, page, ctx.baseUrl(request.origin), liberties)
  })
  // A preview of its appearance for the console, which has no user and connects to no server.
  scope.get('/chat/preview', async (request, reply) => {
    reply.removeHeader('x-frame-options')
    return sendPage(reply, preview, ctx.baseUrl(request.origin), {
      'img-src': "'self' data:",
      'connect-src': "'none'",
      'frame-ancestors': "'self'",
    })
  })
  scope.get('/chat/settings', async (request, reply) => {
    const { widget_id: widgetId } = request.query as Record<string, unknown>
    return reply.send(await getWidgetUi(ctx, String(widgetId)))
  })
}

/** Any page may frame the chat, and it shows pictures and files from anywhere. */
const liberties = {
  'img-src': '* data: blob:',
  'media-src': '* data: blob:',
  'frame-ancestors': '*',
}
