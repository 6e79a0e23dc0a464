// Code that a start must not load: parts of libraries that the server never uses, and libraries that it uses later.
// The sources include all of it, so tests that run the sources would notice if any of it were needed.
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const never = (what: string) => `() => { throw new Error('${what}: scripts/left-out.ts') }`

/** By the imported path: the importer, and the replacement. */
const leftOut: { path: RegExp; importer: RegExp; contents: string }[] = [
  {
    path: /^@fastify\/ajv-compiler$/,
    importer: /\/fastify\/lib\//, // no route has a Fastify schema: routes validate with zod
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
    importer: /\/fastify\/lib\/plugin-utils/, // plugin versions are checked when the plugins are bundled
    contents: 'exports.satisfies = () => true; exports.gt = () => false',
  },
  {
    path: /^glob$/,
    importer: /\/@fastify\/static\//,
    contents: `exports.glob = ${never('no files are looked for')}`,
  },
  {
    path: /locales\/index\.js$/,
    importer: /\/zod\//, // error messages are in English
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
 * Bundled CommonJS libraries that are executed on the first use of one of these names: an imported library would be
 * executed at the start, even if it is not used there.
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
