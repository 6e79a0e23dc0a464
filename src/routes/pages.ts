// What pages are made of: files that browsers keep. They ask whether these are still the same, unless a file's name says
// what is in it.
import { readdir, readFile } from 'node:fs/promises'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { fileOfCode } from '#place.ts'

/** Made by scripts/build-pages.mjs of what lies beside it. */
const built = fileURLToPath(fileOfCode('pages/built/'))

/** Serves the scripts, styles and pictures of all pages, each below its page's name. */
export async function pageFiles(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  await scope.register(fastifyStatic, {
    root: built,
    serve: false, // it would search for them with a library that takes longer to load than all of this
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      const isNamedByContent = path.includes('/console/assets/')
      reply
        .header('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache')
        .removeHeader('pragma')
        .removeHeader('expires')
    },
  })
  for (const path of await pathsOf(built)) {
    const isServed = path !== '/home/demo.js' || ctx.config.demoPage
    scope.get(path, (_request, reply) => (isServed ? reply.sendFile(path) : reply.callNotFound()))
  }
}

/** What a folder's files are reached by; not those that stand in for another, and pages have routes of their own. */
async function pathsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  const paths = entries.map((entry) => `/${entry.split(sep).join('/')}`)
  return paths.filter((path) => /\.\w+$/.test(path) && !/\.(gz|html)$/.test(path))
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
