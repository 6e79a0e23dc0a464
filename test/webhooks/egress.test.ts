import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAdmin } from '../support/admin.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { createHook, Receiver } from './receiver.ts'

let server: TestServer
let receiver: Receiver
beforeAll(async () => {
  server = await startServer({ FUNCTION_EGRESS: 'guarded' })
  receiver = await Receiver.open()
})
afterAll(async () => {
  receiver.close()
  await server.close()
})

describe('egress', () => {
  it('that is guarded reaches only the public internet', async () => {
    const developer = await createAdmin(server, 'developer')
    const at = `/applications/${server.main.id}/webhooks`
    const { port } = new URL(receiver.url)
    // The same address in different notations.
    const hosts = ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:7f00:1]']
    const isRefused = async (host: string) => {
      const { id } = await createHook(developer, at, { url: `http://${host}:${port}/hook` })
      await developer.post(`${at}/${id}/test`).expect(202)
      const error = async () => {
        const { body: list } = await developer.get(`${at}/${id}/deliveries`).expect(200)
        return list.items[0].attempts[0]?.error
      }
      await expect.poll(error).toMatch(/nothing that may be connected to/)
    }
    await Promise.all(hosts.map(isRefused))
    expect(receiver.received).toEqual([])
  })
})
