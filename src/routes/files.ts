// Serves hosted files under the URLs shown in messages and users. They never change, so they are cached indefinitely.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { validate as isUuid } from 'uuid'
import type { Context } from '#context.ts'
import { getFile, type ReadableFile } from '#domain/files/get-file.ts'
import { ChatError, notFound } from '#errors.ts'
import { bearerToken } from '#wire/bearer.ts'
import { contentPolicy, disposition, isFresh, isSame, readRange, servedType } from '#wire/download.ts'

export async function files(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  for (const url of ['/files/:key/:name', '/files/:key']) {
    scope.route<{ Params: { key: string } }>({
      method: ['GET', 'HEAD'],
      url,
      handler: async (request, reply) => {
        const { key } = request.params
        if (!isUuid(key)) throw notFound('file', key)
        const { grant } = request.query as Record<string, unknown>
        const file = await getFile(
          ctx,
          { token: bearerToken(request), grant: typeof grant === 'string' ? grant : undefined },
          key,
        )
        return sendFile(file, request, reply)
      },
    })
  }
}

/** Sends a file or the requested part of it. @param caching whether browsers may keep it */
export async function sendFile(
  file: ReadableFile,
  request: FastifyRequest,
  reply: FastifyReply,
  caching: Caching = 'forever',
) {
  const { headers, method } = request
  const { size } = file
  const etag = `"${file.sha256.toString('base64url')}"`
  if (isFresh(headers['if-none-match'], etag))
    return describe(reply, file, { etag, caching }).code(304).send()

  const range =
    method === 'GET' && isSame(headers['if-range']?.toString(), etag)
      ? readRange(headers.range, size)
      : undefined // only GET supports ranges
  if (range === 'unsatisfiable') {
    reply.header('content-range', `bytes */${size}`)
    throw new ChatError('RangeNotSatisfiableError', `The file has ${size} bytes`)
  }
  const bytes = method === 'HEAD' ? undefined : await file.open(range)
  describe(reply, file, { etag, caching }).headers({
    'content-type': servedType(file.contentType),
    'content-length': range ? range.end - range.start + 1 : size,
    ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${size}` }),
  })
  return reply.code(range ? 206 : 200).send(bytes)
}

type Caching = 'forever' | 'never'

/** Sets the headers of any answer, with or without bytes, and removes those that prevent caching. */
function describe(
  reply: FastifyReply,
  file: ReadableFile,
  { etag, caching }: { etag: string; caching: Caching },
): FastifyReply {
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'content-disposition': disposition(file.contentType, file.name),
    'content-security-policy': contentPolicy(file.contentType),
  })
  if (caching === 'never') return reply.header('cache-control', 'private, no-store')
  return reply
    .removeHeader('pragma')
    .removeHeader('expires')
    .headers({
      'cache-control': `${file.isPublic ? 'public' : 'private'}, max-age=31536000, immutable`,
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    })
}
