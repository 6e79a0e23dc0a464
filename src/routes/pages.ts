// What pages are made of: files that browsers keep. They ask whether these are still the same, unless a file's name says
// what is in it.
import { readFile } from 'node:fs/promises'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { fileOfCode } from '#place.ts'

/** Made by scripts/build-pages.mjs of what lies beside it. */
const built = fileOfCode('pages/built/')

/** Serves the scripts, styles and pictures of all pages, each below its page's name. */
export async function pageFiles(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  await scope.register(fastifyStatic, {
    root: built,
    wildcard: false,
    globIgnore: ['**/*.gz', '**/*.html'],
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      const isNamedByContent = path.includes('/console/assets/')
      reply
        .header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache')
        .removeHeader('pragma')
        .removeHeader('expires')
    },
    allowedPath: (path) => path !== '/home/demo.js' || ctx.config.demoPage,
  })
}

/** A page's markup. */
export function readPage(name: `${string}.html`): Promise<string> {
  return readFile(fileOfCode(`pages/${name}`), 'utf8')
}

/**
 * What a page may do: run its own scripts, and talk to the server that it came from; and what it is allowed besides.
 * @param base where the server is reached
 */
export function policyOf(base: string, liberties: Record<string, string> = {}): string {
  const socket = new URL(base).origin.replace(/^http/, 'ws') // which older browsers do not count as 'self'
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
