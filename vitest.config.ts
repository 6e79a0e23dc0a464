import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest: begun last, they would be waited for alone. */
const longest = ['jobs/crash', 'conformance/resume', 'data/embedded-postgres', 'realtime/hostile']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

const memory = '/dev/shm'
const memoryBytesMin = 8 * 1024 ** 3

/** Where tests keep databases and homes: in memory where there is plenty. A clone takes 20 ms there instead of 280. */
function folderOfTests(): string {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin ? memory : tmpdir()
  } catch {
    return tmpdir() // other systems have no such folder
  }
}

process.env.TMPDIR = folderOfTests() // workers inherit it

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/pages.ts', 'test/support/postgres.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3, // tests wait for sockets and disks more than they compute
    // Loading the server takes half a second, so the files of a worker share what is loaded, as Node loads it anyway.
    isolate: false,
    experimental: { viteModuleRunner: false },
    sequence: { sequencer: LongestFirst },
  },
})
