// Users with the status INVISIBLE appear offline to others, whatever they do.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { User } from '#resources/user.ts'
import { frame } from '../stomp/stomp-client.ts'
import { createUser } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { own } from './chat.ts'
import { Phone } from './phone.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('others are not told when an invisible user comes and goes', async () => {
  const { main } = server
  const [ghost, other, witness] = await Promise.all([createUser(main), createUser(main), createUser(main)])
  const phone = new Phone(server, main, witness.name)
  await phone.connect()
  await phone.listen(own(witness, 'contacts'))
  const told = ({ id }: { id: number }) =>
    phone.heard
      .filter(({ type }) => type === 'contact.presence.changed')
      .map(({ resource }) => resource as unknown as User)
      .filter((user) => user.id === id)
      .map(({ presence }) => presence.online)

  await main.patch(`/users/${ghost.id}`, { presence: { status: 'INVISIBLE' } }).expect(200)
  await expect.poll(() => told(ghost)).toEqual([false])
  await comeAndGo(ghost.name)
  await comeAndGo(other.name, () => expect.poll(() => told(other)).toEqual([true]))
  await expect.poll(() => told(other)).toEqual([true, false])
  expect(told(ghost)).toEqual([false])

  const { body } = await main.get(`/users/${ghost.id}`).expect(200)
  expect(body.presence).toEqual({ status: 'INVISIBLE', online: false })
  await main.patch(`/users/${ghost.id}`, { presence: { status: 'AVAILABLE' } }).expect(200)
  await comeAndGo(ghost.name, () => expect.poll(() => told(ghost).at(-1)).toBe(true))
  await expect.poll(() => told(ghost).at(-1)).toBe(false)
  await phone.cut()
})

async function comeAndGo(name: string, meanwhile?: () => Promise<unknown>): Promise<void> {
  const device = new Phone(server, server.main, name)
  await device.connect()
  await meanwhile?.()
  device.stomp?.send(frame('DISCONNECT', { receipt: 'bye' }))
  const find = () => device.stomp?.frames.find(({ headers }) => headers['receipt-id'] === 'bye')
  await expect.poll(find).toBeDefined()
  await device.cut()
}
