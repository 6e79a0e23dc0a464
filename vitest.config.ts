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

/** What starts processes: a worker that has grown to a gigabyte takes 50 ms to start one, a new one takes 3. */
const starters = [
  'test/cli/**/*.test.ts',
  'test/functions/**/*.test.ts',
  'test/main.test.ts',
  'test/database-url.test.ts',
  'test/conformance/{curl,files,functions-run,realtime-processes}.test.ts',
  'test/data/{embedded-postgres,migrate}.test.ts',
  'test/domain/functions/**/*.test.ts',
  'test/jobs/{crash,function-crash,function-runs,takeover}.test.ts',
]

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3, // tests wait for sockets and disks more than they compute
    experimental: { viteModuleRunner: false },
    sequence: { sequencer: LongestFirst },
    globalSetup: ['test/support/postgres.ts'],
    projects: [
      { extends: true, test: { name: 'processes', include: starters, isolate: true } },
      // Loading the server takes half a second, so the files of a worker share what is loaded, as Node loads it anyway.
      {
        extends: true,
        test: { name: 'server', include: ['test/**/*.test.ts'], exclude: starters, isolate: false },
      },
    ],
  },
})
