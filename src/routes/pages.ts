// Static files of pages. Browsers cache them and revalidate, unless a file's name identifies its content.
import { readdir, readFile } from 'node:fs/promises'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Context } from '#context.ts'
import { fileOfCode } from '#place.ts'

/** Built by scripts/build-pages.mjs from the sources beside it. */
const built = fileURLToPath(fileOfCode('pages/built/'))

/** Serves the scripts, styles and images of all pages, each below its page's name. */
export async function pageFiles(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  await scope.register(fastifyStatic, {
    root: built,
    serve: false, // its file search uses a library that takes longer to load than all of this
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

/** Returns the paths of a folder's files, except compressed variants, and pages, which have routes of their own. */
async function pathsOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true })
  const paths = entries.map((entry) => `/${entry.split(sep).join('/')}`)
  return paths.filter((path) => /\.\w+$/.test(path) && !/\.(gz|html)$/.test(path))
}

export function readPage(name: `${string}.html`): Promise<string> {
  return readFile(fileOfCode(`pages/${name}`), 'utf8')
}

/**
 * Sends the HTML of a page, which may run its own scripts and connect to its server, plus the `liberties`.
 * @param base URL of the server
 */
export function sendPage(
  reply: FastifyReply,
  html: string,
  base: string,
  liberties?: Record<string, string>,
): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(base, liberties),
    })
    .send(html)
}

/** Returns the path of the server's URL, which links begin with; empty if it has none. */
export function pathOf(base: string): string {
  return new URL(base).pathname.replace(/\/$/, '')
}

function policyOf(base: string, liberties: Record<string, string> = {}): string {
  const socket = new URL(base).origin.replace(/^http/, 'ws') // older browsers do not count it as 'self'
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
