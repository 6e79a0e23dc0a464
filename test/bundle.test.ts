// What bundling changes. A library in CommonJS that is loaded on demand has all its names where sources run, by Node,
// and none but `default` where it is bundled.
import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')

interface Loading {
  file: string
  library: string
  /** What is taken of it; undefined where it is kept whole. */
  names: string[] | undefined
}

/** Where the server's sources load a library on demand. @throws where one is written in a way that is not known here */
function loadings(): Loading[] {
  const files = globSync('src/**/*.ts', { cwd: root }).filter(
    (file) => !file.startsWith(join('src', 'pages')),
  )
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(/(?<!typeof )\bimport\('(?!node:|[#.])([^']+)'\)/g)].map((found) => {
      const [, library = ''] = found
      const before = text.slice(0, found.index)
      const after = text.slice(found.index + found[0].length)
      return { file, library, names: namesOf(before, after, `${file}: ${found[0]}`) }
    })
  })
}

function namesOf(before: string, after: string, place: string): string[] | undefined {
  const [, taken] = /const \{([^{}]+)\} = await $/.exec(before) ?? []
  if (taken !== undefined) return taken.split(',').map((each) => each.split(':')[0]?.trim() ?? '')
  const [, member] = /\(await $/.test(before) ? (/^\)\.(\w+)/.exec(after) ?? []) : []
  if (member !== undefined) return [member]
  if (/const \w+ = await $/.test(before)) return undefined
  throw new Error(`${place} is loaded in a way that this test does not read`)
}

/** The names that each library has where it is loaded by a bundle. */
async function namesInBundle(libraries: string[]): Promise<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'chatterie-bundle-'))
  try {
    const loads = libraries.map((name) => `names['${name}'] = Object.keys(await import('${name}'))`)
    const contents = `const names = {}\n${loads.join('\n')}\nconsole.log(JSON.stringify(names))\nprocess.exit()`
    await build({
      stdin: { contents, resolveDir: root, sourcefile: 'entry.ts' },
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      external: ['pg-native'],
      banner: {
        js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
      },
      logLevel: 'silent',
    })
    return JSON.parse(execFileSync(process.execPath, [join(folder, 'stdin.mjs')], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

it('libraries that are loaded on demand export the names that are used of them, bundled too', async () => {
  const all = loadings()
  expect(all.length).toBeGreaterThan(5)
  const bundled = await namesInBundle([...new Set(all.map(({ library }) => library))])
  const missing = all.flatMap(({ file, library, names }) => {
    const there = bundled[library] ?? []
    if (names === undefined) return there.some((name) => name !== 'default') ? [] : [`${file}: ${library}`]
    return names
      .filter((name) => !there.includes(name))
      .map((name) => `${file}: ${name} of ${library}, which has it below default`)
  })
  expect(missing).toEqual([])
})
