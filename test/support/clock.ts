// Reads and moves the clock of a server.
import type { TestServer } from './server.ts'
import type { TestApiServer } from './test-api.ts'

export const hourMs = 3_600_000
export const eve = '2030-12-24T18:00:00.000Z'

export interface Reading {
  now: string
  frozen: boolean
  offsetMs: number
}

export function clockOf(testApi: TestApiServer['testApi']) {
  return {
    async set(setting: { now?: string; frozen?: boolean }): Promise<Reading> {
      return (await testApi.put('/clock').send(setting).expect(200)).body
    },
    async advance(by: Record<string, number>): Promise<Reading> {
      return (await testApi.post('/clock/advance').send(by).expect(200)).body
    },
    async read(): Promise<Reading> {
      return (await testApi.get('/clock').expect(200)).body
    },
    /** Returns to real time. */
    async release(): Promise<void> {
      await testApi.delete('/clock').expect(204)
    },
  }
}

/** Keeps the tokens issued so far from expiring at the times that tests use. */
export async function keepTokens({ ctx }: TestServer): Promise<void> {
  await ctx.db.prisma.accessToken.updateMany({ data: { expiresTime: new Date('9500-01-01') } })
  ctx.tokens.forget()
}
