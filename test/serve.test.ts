import { expect, it } from 'vitest'
import { isCollected } from './support/memory.ts'
import { startServer } from './support/server.ts'

it('a closed server is garbage-collected, however many a process starts', async () => {
  const context = await startAndClose()
  await expect.poll(() => isCollected(context)).toBe(true)
})

async function startAndClose(): Promise<WeakRef<object>> {
  const server = await startServer()
  await server.main.post('/users', { name: 'ada', displayName: 'Ada', isGuest: false }).expect(200)
  await server.ctx.queue.ready()
  const context = new WeakRef(server.ctx)
  await server.close()
  return context
}
