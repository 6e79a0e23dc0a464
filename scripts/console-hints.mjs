// Generates console/src/api/hints.ts, the members of the context of functions, by inspecting a real context.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as sdk from 'chatkitty-platform-sdk'
import { build } from 'esbuild'

/** Writes the members of each part of the context, with their parameters: `getUserApi()`, `ChatKitty.Users`. */
export async function writeConsoleHints() {
  const context = await contextOfFunctions()
  const hints = { '': [] }
  for (const name of Object.getOwnPropertyNames(context)) {
    if (name === 'traceparent') hints[''].push({ name, takes: '' })
    else if (name === 'ChatKitty') {
      hints[''].push({ name, takes: '' })
      const apis = Object.entries(context.ChatKitty).filter(([key]) => /^[A-Z]/.test(key))
      hints.ChatKitty = apis.map(([key]) => ({ name: key, takes: '' }))
      for (const [key, api] of apis) hints[`ChatKitty.${key}`] = methodsOf(api)
    } else {
      hints[''].push({ name, takes: '()' })
      hints[`${name}()`] = methodsOf(context[name]())
    }
  }
  const text = [
    '// Made by scripts/console-hints.mjs of src/functions/bootstrap/context.ts.',
    `export const hints: Record<string, { name: string; takes: string }[]> = ${JSON.stringify(hints)}`,
    '',
  ].join('\n')
  await writeFile(new URL('../console/src/api/hints.ts', import.meta.url), text)
}

async function contextOfFunctions() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/functions/bootstrap/context.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
  })
  const code = Buffer.from(outputFiles[0].contents).toString('base64')
  const { createContext } = await import(`data:text/javascript;base64,${code}`)
  return createContext({ apiOrigin: 'http://localhost', token: '', loadSdk: () => sdk })
}

/** Returns the names of an object's own methods and those of its class, except internals. */
function methodsOf(api) {
  const names = new Set([
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(api)),
    ...Object.getOwnPropertyNames(api).filter((name) => typeof api[name] === 'function'),
  ])
  return [...names]
    .filter((name) => name !== 'constructor' && name !== 'axios' && typeof api[name] === 'function')
    .toSorted()
    .map((name) => ({ name, takes: /^[^(]*(\([^)]*\))/.exec(String(api[name]))?.[1] ?? '()' }))
}
