// Clients before chatkitty 1.26 expect the answer to a message on the channel's topic, and may send before subscribing.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frame, StompClient } from '../stomp/stomp-client.ts'
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
  const watcher = await StompClient.connect(
    Number(port),
    { 'StompX-User': other.name, 'heart-beat': '0,0' },
    `/rtm/websocket?api-key=${main.apiKey}`,
  )
  watcher.send(frame('SUBSCRIBE', { id: 'me', destination: '/application/user.relay' }))
  await watcher.next()
  await watcher.ask('SUBSCRIBE', { id: 'messages', destination })
  const path = `/stompx/websocket?api_key=${main.apiKey}&stompx_user=${name}`
  const stomp = await StompClient.open(Number(port), path)
  stomp.send(frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '0,0' }))
  expect(await stomp.next()).toMatchObject({ command: 'CONNECTED' })
  stomp.send(frame('SUBSCRIBE', { id: 'errors', destination: '/user/queue/v1/errors' }))
  const message = { destination: `/application/channels/${channel.id}.message`, receipt: 'early' }
  stomp.send(frame('SEND', message, JSON.stringify({ type: 'TEXT', body: 'early' })))
  expect(await stomp.next()).toMatchObject({ command: 'RECEIPT', headers: { 'receipt-id': 'early' } })
  // An event received by one subscriber has been delivered to all.
  await expect.poll(() => watcher.frames.some(({ body }) => body.includes('message.created'))).toBe(true)
  const answers = () => stomp.frames.filter(({ command }) => command === 'MESSAGE')
  for (const id of ['first', 'second']) {
    stomp.send(frame('SUBSCRIBE', { id, destination, ack: 'client-individual', receipt: id }))
    await expect.poll(() => stomp.frames.some(({ headers }) => headers['receipt-id'] === id)).toBe(true)
  }
  await expect.poll(() => answers().length).toBe(1)
  expect(answers()[0]).toMatchObject({
    headers: { destination, subscription: 'first', 'receipt-id': 'early' },
  })
  expect(JSON.parse(answers()[0]?.body ?? '').resource.body).toBe('early')
  stomp.ws.terminate()
  watcher.ws.terminate()
})
