import type { FastifyInstance } from 'fastify'
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'

export async function health(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  /** 200 when requests can be served: the database answers. */
  scope.get('/health', async (_request, reply) => {
    await ctx.db.query({ text: 'select 1' }, []).catch((error) => {
      ctx.log.warn({ err: error }, 'the database does not answer')
      throw new ChatError('ServiceUnavailableError', 'The database does not answer')
    })
    return reply.send({ status: 'UP' })
  })
}
