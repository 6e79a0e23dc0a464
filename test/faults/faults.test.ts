// A short round of `npm run faults`.
import { expect, it } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { faults } from './faults.ts'
import { runRound } from './round.ts'
import { openOne } from './stages.ts'

it('clients receive all acknowledged messages, once and in order, though connections are cut and the server is killed', async () => {
  const kinds = ['cut-clients', 'kill-server', 'cut-clients'].map((name) => faults[name])
  let nth = 0
  const stage = await openOne()
  try {
    const load = { devices: 4, backends: 2 }
    const round = await runRound(stage, load, kinds.length, seededRandom(20261125), async (scene) => {
      await kinds[nth++]?.strike(scene)
    })
    expect(round.broken).toEqual([])
    expect(round.acknowledged).toBeGreaterThan(0)
    expect(round.resumed).toBeGreaterThan(0)
  } finally {
    await stage.close()
  }
})
