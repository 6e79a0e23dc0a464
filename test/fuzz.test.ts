// The first rounds of `npm run fuzz`, with a constant seed.

import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { v4 as uuid } from 'uuid'
import { expect, it } from 'vitest'
import { attack } from './fuzz/fuzz.ts'
import { cloneDatabase } from './support/server.ts'

const rounds = 4

it('any input is answered and leaves nothing behind, and other clients are not affected', async () => {
  const database = await cloneDatabase()
  const home = join(tmpdir(), `chatterie-home-${uuid()}`)
  try {
    const { problems, answers, ...outcome } = await attack({
      seed: 20_260_101,
      databaseUrl: database.url,
      home,
      progress: (done) => done / rounds,
      tell: () => {},
    })
    expect(problems).toEqual([])
    expect(outcome).toMatchObject({ rounds, requests: rounds * 60, scripts: rounds * 16 })
    // Otherwise the attack would not reach the server's code.
    expect(answers['2xx']).toBeGreaterThan(outcome.requests / 5)
    expect(answers['4xx']).toBeGreaterThan(outcome.requests / 5)
  } finally {
    await database.drop()
    await rm(home, { recursive: true, force: true })
  }
})
