import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { testFolder } from './test/support/folder.ts'
import { patienceMs } from './test/support/patience.ts'

/** Files that take longest, above 15 s: begun last, they would be waited for alone. */
const longest = [
  'postgres/embedded-postgres',
  'test/main',
  'postgres/template',
  'cli/admin',
  'package/package',
  'console/console',
  'cli/applications',
  'cli/functions',
  'jobs/crash',
  'test/fuzz',
  'test/docs',
  'conformance/generations',
  'conformance/resume',
  'jobs/function-crash',
  'cli/ephemeral',
  'stomp/limits',
  'webhooks/crash',
  'migrate/chatkitty',
  'postgres/migrate',
  'browser/generations',
  'browser/chat',
  'conformance/realtime/processes',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

// Workers inherit what is set here.
process.env.TMPDIR = testFolder()
const namesFiles = process.argv.slice(2).some((argument) => argument !== 'run' && !argument.startsWith('-'))
process.env.TEST_PROGRAM ??= namesFiles ? 'sources' : 'compiled' // see test/support/compiled.ts

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/pages.ts', 'test/support/postgres.ts'],
    testTimeout: 6 * patienceMs, // a test waits several times
    hookTimeout: 6 * patienceMs,
    expect: { poll: { timeout: patienceMs } },
    pool: 'forks',
    maxWorkers: 4, // on two cores: tests also wait for sockets, disks and processes
    // Servers are large and come and go: young ones that outlive a small space are collected at three times the cost.
    execArgv: ['--max-semi-space-size=64'],
    // Loading the server takes half a second, so the files of a worker share what is loaded, as Node loads it anyway.
    isolate: false,
    experimental: { viteModuleRunner: false },
    sequence: { sequencer: LongestFirst },
  },
})
