// The samples in the README and in docs/testing.md that are files of projects that use the package.
import { spawnSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { patienceMs } from '../support/patience.ts'
import { readSamples, type Sample } from '../support/samples.ts'
import type { Installed } from './install.ts'

/** How to run the files whose names match `runs`: the arguments of Node, and the program that must be installed. */
interface Runner {
  runs: RegExp
  args(root: string): string[]
  needs?: string
}

const ofHere = (path: string) => resolve('node_modules', path)
const exec = (root: string, ...command: string[]) => [
  join(root, 'bin/chatterie.cjs'),
  'exec',
  '--',
  ...command,
]

const runners: Record<string, Runner> = {
  Vitest: {
    runs: /^(vitest\.config\.ts|\w+\.test\.(ts|js))$/,
    args: () => [ofHere('vitest/vitest.mjs'), 'run', `--testTimeout=${patienceMs}`],
  },
  Playwright: {
    runs: /\.spec\.ts$/,
    args: () => [ofHere('@playwright/test/cli.js'), 'test', '--reporter=line', `--timeout=${patienceMs}`],
  },
  Jest: {
    runs: /\.test\.cjs$/,
    args: () => [ofHere('jest/bin/jest.js'), '--testMatch=**/*.test.cjs', `--testTimeout=${patienceMs}`],
  },
  'node:test': { runs: /\.test\.mjs$/, args: () => ['--test'] },
  Python: {
    runs: /\.py$/,
    args: (root) => exec(root, 'python3', '-m', 'unittest'),
    needs: 'python3',
  },
  Java: { runs: /\.java$/, args: (root) => exec(root, 'java', 'ChatTest.java'), needs: 'java' },
  Go: { runs: /\.go$/, args: (root) => exec(root, 'go', 'test', 'chat_test.go'), needs: 'go' },
}

const texts = ['README.md', 'docs/testing.md']
const files = (await Promise.all(texts.map(readSamples))).flat().filter(({ name }) => name !== undefined)

/** Registers a test for each runner. */
export function samplesWork(installed: () => Installed): void {
  for (const [what, { runs, args, needs }] of Object.entries(runners)) {
    const own = files.filter(({ name = '' }) => runs.test(name))
    const isThere =
      needs === undefined || spawnSync(needs, [needs === 'go' ? 'version' : '--version']).status === 0
    it.runIf(isThere)(`the samples for ${what} pass`, async () => {
      expect(own).not.toEqual([])
      const folder = await write(installed(), what, own)
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        args(join(installed().folder, 'node_modules/chatterie')),
        { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR } },
      )
      expect(status, stdout + stderr).toBe(0)
    })
  }

  it('the sample for GitHub Actions is a workflow', () => {
    const [workflow] = files.filter(({ language }) => language === 'yaml')
    const { on, jobs } = parse(workflow?.code ?? '')
    expect(on).toEqual(['push', 'pull_request'])
    expect(jobs.test.steps.map(({ run, uses }: Record<string, string>) => run ?? uses)).toContain('npm test')
  })

  it('every sample that is a file is run by a test', () => {
    const known = [...Object.values(runners).map(({ runs }) => runs), /\.yml$/]
    expect(files.filter(({ name = '' }) => !known.some((runs) => runs.test(name)))).toEqual([])
  })
}

async function write(installed: Installed, what: string, samples: Sample[]): Promise<string> {
  const folder = join(installed.folder, what.replaceAll(/\W/g, '-'))
  for (const { name = '', code } of samples) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, code)
  }
  for (const name of ['@chatkitty', 'chatkitty', '@stomp', 'axios', 'lit-html']) {
    await symlink(ofHere(name), join(installed.folder, 'node_modules', name)).catch(() => {})
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  return folder
}
