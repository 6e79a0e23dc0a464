// What a start shall not read: parts of libraries that the server never comes to, and libraries that it comes to later.
// The sources have them all, so that the tests, which run them, would notice were one needed.
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const never = (what: string) => `() => { throw new Error('${what}: scripts/left-out.ts') }`

/** By what is imported: whose import it is, and what is there instead. */
const leftOut: { path: RegExp; importer: RegExp; contents: string }[] = [
  {
    path: /^@fastify\/ajv-compiler$/,
    importer: /\/fastify\/lib\//, // no route has a schema of Fastify's: ours check by zod
    contents: `module.exports = () => ${never('no schemas are compiled')}`,
  },
  {
    path: /^@fastify\/fast-json-stringify-compiler$/,
    importer: /\/fastify\/lib\//,
    contents: `module.exports = () => ${never('no schemas are compiled')}`,
  },
  {
    path: /^light-my-request$/,
    importer: /\/fastify\//,
    contents: `module.exports = ${never('nothing is injected')}`,
  },
  {
    path: /^semver$/,
    importer: /\/fastify\/lib\/plugin-utils/, // whether plugins fit is decided when they are bundled
    contents: 'exports.satisfies = () => true; exports.gt = () => false',
  },
  {
    path: /^glob$/,
    importer: /\/@fastify\/static\//,
    contents: `exports.glob = ${never('no files are looked for')}`,
  },
  {
    path: /locales\/index\.js$/,
    importer: /\/zod\//, // what is wrong is said in English
    contents: 'export {}',
  },
]

const namespace = 'left-out'

export const leaveOut: Plugin = {
  name: 'leave out',
  setup({ onResolve, onLoad }) {
    for (const [index, { path, importer }] of leftOut.entries()) {
      onResolve({ filter: path }, (asked) =>
        importer.test(asked.importer.replaceAll('\\', '/')) ? { path: `${index}`, namespace } : undefined,
      )
    }
    onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: leftOut[Number(path)]?.contents ?? '' }))
  },
}

/**
 * Libraries in CommonJS that are bundled with what imports them, and run at the first use of one of these names: a
 * library that is imported runs at the start, of whatever use it is there.
 */
const later: Record<string, string[]> = { semver: ['satisfies', 'validRange'] }

export const loadLater: Plugin = {
  name: 'load later',
  setup({ onResolve, onLoad }) {
    for (const [name, exported] of Object.entries(later)) {
      onResolve({ filter: new RegExp(`^${name}$`) }, ({ kind }) =>
        kind === 'import-statement' ? { path: name, namespace: 'later' } : undefined,
      )
      onLoad({ filter: new RegExp(`^${name}$`), namespace: 'later' }, () => ({
        contents: exported
          .map(
            (each) =>
              `Object.defineProperty(exports, '${each}', { enumerable: true, get: () => require('${name}').${each} })`,
          )
          .join('\n'),
        resolveDir: join(import.meta.dirname, '..'),
      }))
    }
  },
}
