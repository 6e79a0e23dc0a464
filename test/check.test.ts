import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('npm run check ignores what a server keeps in its home folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-check-'))
  await cp('biome.json', join(folder, 'biome.json'))
  await cp('scripts/lint', join(folder, 'scripts/lint'), { recursive: true })
  const kept = join(folder, '.chatterie/runtimes')
  await mkdir(kept, { recursive: true })
  await writeFile(join(kept, 'package.js'), 'var a = "not ours";;\n')
  await writeFile(join(folder, 'ours.js'), 'export const ours = 1\n')
  const { stdout } = await promisify(execFile)(resolve('node_modules/.bin/biome'), ['check', '.'], {
    cwd: folder,
  })
  expect(stdout).toMatch(/No fixes applied/)
  await rm(folder, { recursive: true })
})
