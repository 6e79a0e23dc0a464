// What whoever watches the process asks: is it alive, and can it serve?
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'

/** How long the database may take to answer. */
const patienceMs = 2_000

export async function health(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  /** 200 while the process answers at all; looks at nothing else. A process that fails it should be restarted. */
  scope.get('/health', async (_request, reply) => reply.send({ status: 'UP' }))

  /**
   * 200 when requests can be served: the database answers within 2 s, and Redis is connected where the settings name
   * one. Else 503, and what is missing; a load balancer should send no requests until it is back.
   */
  scope.get('/ready', async (_request, reply) => {
    await mustAnswer(ctx)
    if (!ctx.bus.isConnected()) {
      throw new ChatError(
        'ServiceUnavailableError',
        'Redis does not answer: other processes cannot be reached',
      )
    }
    return reply.send({ status: 'UP' })
  })
}

async function mustAnswer({ db, log }: Context): Promise<void> {
  const over = new AbortController()
  const late = sleep(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`No answer within ${patienceMs} ms`)
  })
  try {
    await Promise.race([db.query({ text: 'select 1' }, []), late])
  } catch (error) {
    log.warn({ err: error }, 'the database does not answer')
    throw new ChatError('ServiceUnavailableError', 'The database does not answer')
  } finally {
    late.catch(() => {})
    over.abort()
  }
}
