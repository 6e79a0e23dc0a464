// The API descriptions for tools, and a page on which people read them and try requests.
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { fileOfPackage } from '#place.ts'
import { localOrigin } from '#routes/openapi/document.ts'
import { describeApi } from '#routes/openapi/platform.ts'
import type { Operation } from '#routes/operation.ts'
import { readPage, sendPage } from '#routes/pages.ts'

/** The page's library inlines styles and images. */
const liberties = { 'style-src': "'self' 'unsafe-inline'", 'img-src': "'self' data:" }

/** Version of the StompX protocol (runtime contract 1). */
const realTimeVersion = '1.2'

interface Options {
  ctx: Context
  operations: Operation[]
  /** Returns the OpenAPI document of the admin API. */
  describeAdmin: () => object
  /** Returns the description of the real-time API in Markdown. */
  describeRealTime: () => string
}

export async function docs(
  scope: FastifyInstance,
  { ctx, operations, describeAdmin, describeRealTime }: Options,
) {
  await serveDocument('openapi', () => describeApi(operations))
  await serveDocument('openapi-admin', describeAdmin)

  // This API has no HTTP operations; the page shows its description like those of the others.
  let realTime: string | undefined
  scope.get('/docs/real-time.json', (request, reply) => {
    realTime ??= JSON.stringify(realTimeDocument())
    return send(request, reply, 'application/json', realTime)
  })

  function realTimeDocument() {
    const info = {
      title: 'Chatterie real-time API',
      version: realTimeVersion,
      description: describeRealTime(),
    }
    return { openapi: '3.1.0', info, paths: {} }
  }

  const page = await readPage('docs/page.html')
  scope.get('/docs', async (request, reply) => {
    // Links are relative so that the page also works below the path of a PUBLIC_URL.
    if (/\/(\?|$)/.test(request.url)) return reply.redirect('../docs', 308)
    return sendPage(reply, page, ctx.baseUrl(request.origin), liberties)
  })

  async function serveDocument(name: string, describe: () => object): Promise<void> {
    const yaml = await readFile(fileOfPackage(`${name}.yaml`), 'utf8')
    let json: string | undefined
    scope.get(`/${name}.yaml`, (request, reply) => send(request, reply, 'application/yaml', yaml))
    scope.get(`/${name}.json`, (request, reply) => {
      json ??= JSON.stringify(describe()) // parsing the YAML would take ten times as long
      return send(request, reply, 'application/json', json)
    })
  }

  /** Sends a document, with the local origin in the committed file replaced by that of this server. */
  async function send(request: FastifyRequest, reply: FastifyReply, type: string, document: string) {
    const origin = ctx.baseUrl(request.origin)
    return reply.header('content-type', type).send(document.replaceAll(localOrigin, () => origin))
  }
}
