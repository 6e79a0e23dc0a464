// Runs a client as it is published in a world such as a page's: bundled for browsers, with globals of its own.
import { build } from 'esbuild'
import { TappedWebSocket } from '../wire-tap.ts'
import type { ClientClass } from './client.ts'
import { PageRequest } from './page-request.ts'

/** The code of packages, bundled as their users would, by package. */
export async function bundle(packages: string[]): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(packages.map((name) => [name, name])),
    bundle: true,
    write: false,
    outdir: '/',
    platform: 'browser',
    format: 'cjs',
    define: { global: 'globalThis' },
    logLevel: 'silent',
  })
  return new Map(outputFiles.map(({ path, text }) => [path.slice(1, -'.js'.length), text]))
}

/** The class of clients that a bundle exports, in a page of its own. */
export function load(code: string): ClientClass {
  const module = { exports: {} as { default?: ClientClass; ChatKitty?: ClientClass } }
  const run = new Function('module', 'exports', 'WebSocket', 'XMLHttpRequest', 'process', code)
  run(module, module.exports, TappedWebSocket, PageRequest, undefined)
  return (module.exports.default ?? module.exports.ChatKitty) as ClientClass
}
