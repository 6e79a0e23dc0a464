// Runs a published client in an environment like that of a page: bundled for browsers, with its own globals.
import { build } from 'esbuild'
import { TappedWebSocket } from '../wire-tap.ts'
import type { ClientClass } from './client.ts'
import { PageRequest } from './page-request.ts'

/** The code of packages by name, bundled as their users would do it. */
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

/** Returns the client class that a bundle exports, evaluated in its own page. */
export function load(code: string): ClientClass {
  const module = { exports: {} as { default?: ClientClass; ChatKitty?: ClientClass } }
  const run = new Function('module', 'exports', 'WebSocket', 'XMLHttpRequest', 'process', code)
  run(module, module.exports, TappedWebSocket, PageRequest, undefined)
  return (module.exports.default ?? module.exports.ChatKitty) as ClientClass
}
