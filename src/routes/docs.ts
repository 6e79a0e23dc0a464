// The description of the API for tools, and a page for people to read it and to try requests from.
import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '#context.ts'
import { fileOfPackage } from '#place.ts'
import { localOrigin } from '#routes/openapi/document.ts'
import { describeApi } from '#routes/openapi/platform.ts'
import type { Operation } from '#routes/operation.ts'
import { policyOf, readPage } from '#routes/pages.ts'

/** The library of the page writes its styles into the page, and its pictures. */
const liberties = { 'style-src': "'self' 'unsafe-inline'", 'img-src': "'self' data:" }

/** Of StompX, the protocol (runtime contract 1). */
const realTimeVersion = '1.2'

interface Options {
  ctx: Context
  operations: Operation[]
  /** The admin API. */
  describeAdmin: () => object
  /** What the real-time API is, in Markdown. */
  describeRealTime: () => string
}

export async function docs(
  scope: FastifyInstance,
  { ctx, operations, describeAdmin, describeRealTime }: Options,
) {
  await serveDocument('openapi', () => describeApi(operations))
  await serveDocument('openapi-admin', describeAdmin)

  // It has no operations over HTTP; the page shows its words like those of the other.
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
    // Its links are relative, so that it also works below the path of a PUBLIC_URL.
    if (/\/(\?|$)/.test(request.url)) return reply.redirect('../docs', 308)
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policyOf(ctx.baseUrl(request.origin), liberties),
      })
      .send(page)
  })

  async function serveDocument(name: string, describe: () => object): Promise<void> {
    const yaml = await readFile(fileOfPackage(`${name}.yaml`), 'utf8')
    let json: string | undefined
    scope.get(`/${name}.yaml`, (request, reply) => send(request, reply, 'application/yaml', yaml))
    scope.get(`/${name}.json`, (request, reply) => {
      json ??= JSON.stringify(describe()) // reading it from the YAML would take ten times as long
      return send(request, reply, 'application/json', json)
    })
  }

  /** The committed document says where a server on this machine is; whoever asks is told where this one is. */
  async function send(request: FastifyRequest, reply: FastifyReply, type: string, document: string) {
    const origin = ctx.baseUrl(request.origin)
    return reply.header('content-type', type).send(document.replaceAll(localOrigin, () => origin))
  }
}
