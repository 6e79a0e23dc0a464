// Clients before chatkitty 1.26 expect the answer to a message on the channel's topic, and may send before subscribing.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, Talker } from '../stomp/talker.ts'
import { createChannel, createUser, several } from '../support/factories.ts'
import { shareServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await shareServer()
})
afterAll(() => server.close())

it('an answer waits until an old client subscribes to it, however late that is, and is sent once', async () => {
  const { main, url } = server
  const [{ name }, other] = await several(2, () => createUser(main))
  const channel = await createChannel(main, { members: [{ username: name }, { username: other.name }] })
  const destination = `/topic/channels/${channel.id}.messages`
  const { port } = new URL(url)
  const watcher = await Talker.connect(
    Number(port),
    { 'StompX-User': other.name, 'heart-beat': '0,0' },
    `/rtm/websocket?api-key=${main.apiKey}`,
  )
  watcher.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  await watcher.next()
  await watcher.ask('SUBSCRIBE', { id: 'messages', destination })
  const path = `/stompx/websocket?api_key=${main.apiKey}&stompx_user=${name}`
  const talker = await Talker.open(Number(port), path)
  talker.send(frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '0,0' }))
  expect(await talker.next()).toMatchObject({ command: 'CONNECTED' })
  talker.send(frame('SUBSCRIBE', { id: 'errors', destination: '/user/queue/v1/errors' }))
  const message = { destination: `/application/channels/${channel.id}.message`, receipt: 'early' }
  talker.send(frame('SEND', message, JSON.stringify({ type: 'TEXT', body: 'early' })))
  expect(await talker.next()).toMatchObject({ command: 'RECEIPT', headers: { 'receipt-id': 'early' } })
  // An event received by one subscriber has been delivered to all.
  await expect.poll(() => watcher.frames.some(({ body }) => body.includes('message.created'))).toBe(true)
  const answers = () => talker.frames.filter(({ command }) => command === 'MESSAGE')
  for (const id of ['first', 'second']) {
    talker.send(frame('SUBSCRIBE', { id, destination, ack: 'client-individual', receipt: id }))
    await expect.poll(() => talker.frames.some(({ headers }) => headers['receipt-id'] === id)).toBe(true)
  }
  await expect.poll(() => answers().length).toBe(1)
  expect(answers()[0]).toMatchObject({
    headers: { destination, subscription: 'first', 'receipt-id': 'early' },
  })
  expect(JSON.parse(answers()[0]?.body ?? '').resource.body).toBe('early')
  talker.ws.terminate()
  watcher.ws.terminate()
})
