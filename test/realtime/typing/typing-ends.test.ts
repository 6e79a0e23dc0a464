// A user who goes offline or leaves has stopped typing, also without a chat session.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { channelHypermedia } from '#resources/channel.ts'
import { userHypermedia } from '#resources/user.ts'
import { frame } from '../../stomp/stomp-client.ts'
import { createChannel, createUser } from '../../support/factories.ts'
import { startTestApi, type TestApiServer } from '../../support/test-api.ts'
import { own } from '../chat.ts'
import { Phone } from '../phone.ts'

let server: TestApiServer
beforeAll(async () => {
  server = await startTestApi()
  // Time stands still, or the stop would come anyway: some seconds after the keystrokes.
  await server.testApi.put('/clock').send({ frozen: true }).expect(200)
})
afterAll(() => server.close())

const { keystrokes, leave, delete: remove } = channelHypermedia.actions
const { block } = userHypermedia.actions

it.each([
  ['goes offline', () => frame('DISCONNECT')],
  ['leaves the channel', (id: number) => frame('SEND', { destination: leave.at({ id }) }, '{}')],
])('others are told at once that a user who %s has stopped typing', async (_, end) => {
  const { main } = server
  const [typist, other] = await Promise.all([createUser(main), createUser(main)])
  const [phone, witness] = [typist, other].map(({ name }) => new Phone(server, main, name)) as [Phone, Phone]
  await Promise.all([phone.connect(), witness.connect()])
  await witness.listen(own(other, 'channels'), own(other, 'participants'))
  const members = [{ id: typist.id }, { id: other.id }]
  const { id } = await createChannel(main, { type: 'PRIVATE', members })
  const joined = ['user.channel.joined']
  const told = () => witness.heard.map(({ type }) => type)
  await expect.poll(told).toEqual(joined)
  phone.stomp?.send(frame('SEND', { destination: keystrokes.at({ id }) }, '{"keys":"Hel"}'))
  await expect.poll(told).toEqual([...joined, 'participant.typing.started'])
  phone.stomp?.send(end(id))
  await expect.poll(told).toEqual([...joined, 'participant.typing.started', 'participant.typing.stopped'])
  await Promise.all([phone.cut(), witness.cut()])
})

const act = (destination: string) => frame('SEND', { destination }, '{}')

it.each([
  ['leaves the channel', (channelId: number) => leave.at({ id: channelId })],
  ['blocks the user who types', (_: number, typistId: number) => block.at({ id: typistId })],
  ['deletes the channel', (channelId: number) => remove.at({ id: channelId })],
])('a user who %s is not left with others who seem to type for ever', async (_, end) => {
  const { main } = server
  const [typist, other] = await Promise.all([createUser(main), createUser(main)])
  const [phone, witness] = [typist, other].map(({ name }) => new Phone(server, main, name)) as [Phone, Phone]
  await Promise.all([phone.connect(), witness.connect()])
  const members = [{ id: typist.id }, { id: other.id }]
  const { id } = await createChannel(main, { type: 'PRIVATE', members, creator: { id: other.id } })
  await witness.listen(own(other, 'participants'), channelHypermedia.topics.typing.at({ id }))
  const told = () => witness.heard.map(({ type }) => type).toSorted()
  phone.stomp?.send(frame('SEND', { destination: keystrokes.at({ id }) }, '{"keys":"Hel"}'))
  const started = ['participant.typing.started', 'thread.typing.started']
  await expect.poll(told).toEqual(started)
  witness.stomp?.send(act(end(id, typist.id)))
  const stopped = ['participant.typing.stopped', 'thread.typing.stopped']
  await expect.poll(told).toEqual([...started, ...stopped].toSorted())
  await Promise.all([phone.cut(), witness.cut()])
})
