// The examples, with the published package.
import { execFile } from 'node:child_process'
import { cp, readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { patienceMs } from '../support/patience.ts'
import type { Installed } from './install.ts'

const source = 'examples/vitest-chatkitty'

/** Registers the tests of the examples. */
export function exampleWorks(installed: () => Installed): void {
  it('the support desk example passes its own tests, three files in parallel', async () => {
    const folder = join(installed().folder, 'vitest-chatkitty')
    const modules = join(installed().folder, 'node_modules')
    await cp(source, folder, { recursive: true })
    const { dependencies } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
    for (const name of [...Object.keys(dependencies), 'typescript', '@typescript']) {
      const [scope = ''] = name.split('/')
      await symlink(resolve('node_modules', scope), join(modules, scope)).catch(() => {})
    }
    const run = (program: string, ...args: string[]) =>
      promisify(execFile)(process.execPath, [resolve('node_modules', program), ...args], {
        cwd: folder,
        env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR },
      }).catch((error) => error)
    expect((await run('typescript/bin/tsc')).stdout).toBe('')
    const { stdout } = await run('vitest/vitest.mjs', 'run', '--reporter=json', `--testTimeout=${patienceMs}`)
    const { numFailedTests, numPassedTests, testResults } = JSON.parse(stdout)
    expect({ numFailedTests, files: testResults.length }, stdout).toEqual({ numFailedTests: 0, files: 3 })
    expect(numPassedTests).toBe(12)
  })

  it('lists the versions that it was tested with', async () => {
    const ours = JSON.parse(await readFile('package.json', 'utf8'))
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      const { version: used } = name === 'chatterie' ? ours : await manifestOf(name)
      expect({ name, version }).toEqual({ name, version: used })
    }
  })
}

async function manifestOf(name: string): Promise<{ version: string }> {
  return JSON.parse(await readFile(join('node_modules', name, 'package.json'), 'utf8'))
}
