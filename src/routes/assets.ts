// What pages consist of: files that browsers keep, and ask whether they are still the same.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { originOf } from '#routes/origin.ts'

export interface Asset {
  type: string
  content: string
  etag: string
}

export function asset(type: string, content: string): Asset {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 22)
  return { type: `${type}; charset=utf-8`, content, etag: `"${hash}"` }
}

export function readText(file: URL): Promise<string> {
  return readFile(file, 'utf8')
}

/**
 * A script and all that it imports, the official client from its package among it, in one. It takes half a second, so
 * it is made when somebody asks for it first.
 */
export function lazyBundle(entry: URL): () => Promise<Asset> {
  let made: Promise<Asset> | undefined
  return () => {
    made ??= bundle(entry)
    made.catch(() => {
      made = undefined
    })
    return made
  }
}

async function bundle(entry: URL): Promise<Asset> {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  const [script] = outputFiles
  if (!script) throw new Error(`${entry} was bundled to nothing`)
  return asset('text/javascript', script.text)
}

export function sendAsset(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, content, etag }: Asset,
): FastifyReply {
  reply.headers({ 'content-type': type, etag, 'cache-control': 'no-cache' })
  reply.removeHeader('pragma').removeHeader('expires')
  const known = request.headers['if-none-match']?.split(/, */) ?? []
  return known.some((each) => each.replace(/^W\//, '') === etag)
    ? reply.code(304).send()
    : reply.send(content)
}

/** What a page may do: run its own scripts, and talk to the server that it came from; and what it is allowed besides. */
export function policyOf(request: FastifyRequest, liberties: Record<string, string> = {}): string {
  const socket = originOf(request).replace(/^http/, 'ws') // which older browsers do not count as 'self'
  const directives = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': `'self' ${socket}`,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...liberties,
  }
  return Object.entries(directives)
    .map((directive) => directive.join(' '))
    .join('; ')
}
