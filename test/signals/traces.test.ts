// Traces as a collector receives them: one for everything that a request causes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebhook } from '#domain/webhooks/create-webhook.ts'
import { deleteWebhook } from '#domain/webhooks/delete-webhook.ts'
import { messageHypermedia } from '#resources/message.ts'
import { Phone } from '../realtime/phone.ts'
import { frame } from '../stomp/stomp-client.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations } from '../support/functions.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Receiver } from '../webhooks/receiver.ts'
import { type CollectedSpan, startCollector } from './collector.ts'

let collector: Awaited<ReturnType<typeof startCollector>>
let server: TestServer
beforeAll(async () => {
  collector = await startCollector()
  server = await startServer({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` })
})
afterAll(async () => {
  await server.close()
  collector.close()
})

const traceOf = (digit: string) => digit.repeat(32)
const parentOf = (digit: string) => digit.repeat(16)
const traceparentOf = (digit: string) => `00-${traceOf(digit)}-${parentOf(digit)}-01`
const spansOf = (digit: string) => collector.spans.filter(({ traceId }) => traceId === traceOf(digit))

async function spanOf(digit: string, name: string): Promise<CollectedSpan> {
  const find = () => spansOf(digit).find((span) => span.name === name)
  await expect.poll(() => find() ?? spansOf(digit).map((span) => span.name)).toMatchObject({ name })
  return find() as CollectedSpan
}

async function scene() {
  const { main } = server
  const user = await createUser(main)
  const channel = await createChannel(main, { members: [{ id: user.id }] })
  const phone = new Phone(server, main, user.name)
  await phone.connect()
  await phone.listen(`/topic/channels/${channel.id}.messages`)
  return { main, user, channel, phone }
}

function post(path: string, body: unknown, traceparent?: string): Promise<Response> {
  return fetch(`${server.url}/v1${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${server.main.token}`,
      'content-type': 'application/json',
      ...(traceparent !== undefined && { traceparent }),
    },
    body: JSON.stringify(body),
  })
}

/** Statements that process a batch for many requests, and belong to no trace. */
const ofNobody = ['take-events', 'first-untaken-event', 'take-function-runs']

describe('one trace', () => {
  it('covers the request, the statement, the event and the sockets', async () => {
    const { channel, user, phone } = await scene()
    const message = { type: 'TEXT', body: 'not for collectors', user: { username: user.name } }
    expect((await post(`/channels/${channel.id}/messages`, message, traceparentOf('a'))).status).toBe(200)
    await expect.poll(() => phone.bodies(channel.id)).toHaveLength(1)

    const deliver = await spanOf('a', 'deliver channel.message.created')
    const request = await spanOf('a', 'sendChannelMessage')
    const statement = await spanOf('a', 'send-message')
    const publish = await spanOf('a', 'publish channel.message.created')
    expect(request).toMatchObject({
      parentSpanId: parentOf('a'),
      attributes: { 'http.request.method': 'POST', 'http.response.status_code': 200 },
      isError: false,
    })
    expect(statement.parentSpanId).toBe(request.spanId)
    expect(publish.parentSpanId).toBe(statement.spanId)
    expect(deliver.parentSpanId).toBe(publish.spanId)
    expect(deliver.attributes['chatterie.sockets']).toBe(1)
    expect(publish.start).toBeGreaterThanOrEqual(request.start - 50) // its time is from the clock of the database
    expect(deliver.end).toBeGreaterThanOrEqual(request.start)
    expect(collector.resources[0]).toMatchObject({ 'service.name': 'chatterie' })
    expect(collector.bodies.join()).not.toContain('not for collectors')
    expect(collector.spans.filter(({ name }) => ofNobody.includes(name))).toEqual([])
    await phone.cut()
  })

  it('is separate for each sender where messages are committed together', async () => {
    const { channel } = await scene()
    const digits = ['1', '2', '3', '4', '5']
    const body = { type: 'TEXT', body: 'at once' }
    await Promise.all(
      digits.map((digit) => post(`/channels/${channel.id}/messages`, body, traceparentOf(digit))),
    )
    for (const digit of digits) {
      const publish = await spanOf(digit, 'publish channel.message.created')
      const statement = await spanOf(digit, 'send-message')
      expect(publish.parentSpanId).toBe(statement.spanId)
      expect(spansOf(digit).filter(({ name }) => name.startsWith('publish'))).toHaveLength(1)
      expect(spansOf(digit).filter(({ name }) => name.startsWith('send-message'))).toHaveLength(1)
    }
  })

  it('continues with events of a transaction, and from a frame of a client', async () => {
    const { main, phone, channel, user } = await scene()
    await post('/channels', { type: 'PUBLIC', name: 'traced', creator: { id: user.id } }, traceparentOf('b'))
    const publish = await spanOf('b', 'publish channel.created')
    expect(publish.parentSpanId).toBe((await spanOf('b', 'createChannel')).spanId)

    phone.stomp?.send(
      frame(
        'SEND',
        {
          destination: `/application/channels/${channel.id}.message`,
          receipt: 'sent',
          traceparent: traceparentOf('c'),
        },
        JSON.stringify({ type: 'TEXT', body: 'hello' }),
      ),
    )
    const { id } = await sendMessage(main, channel.id)
    phone.stomp?.send(
      frame('SEND', {
        destination: messageHypermedia.actions.read.at({ id }),
        traceparent: traceparentOf('9'),
      }),
    )
    await spanOf('9', 'publish message.read_receipt.created')

    const deliver = await spanOf('c', 'deliver channel.message.created')
    expect(deliver.attributes['chatterie.sockets']).toBe(1)
    expect((await spanOf('c', 'SEND')).parentSpanId).toBe(parentOf('c'))
    await phone.cut()
  })

  it('continues at the receiver of a webhook', async () => {
    const { main, channel, user } = await scene()
    const receiver = await Receiver.open()
    const caller = { kind: 'application', applicationId: main.id, scopes: [] } as const
    const webhook = { url: receiver.url, events: ['message.created' as const], enabled: true }
    const { id } = await createWebhook(server.ctx, caller, webhook)
    const message = { type: 'TEXT', body: 'hi', user: { username: user.name } }
    await post(`/channels/${channel.id}/messages`, message, traceparentOf('8'))
    const delivered = await spanOf('8', 'deliver message.created to webhook')
    expect(delivered.parentSpanId).toBe((await spanOf('8', 'send-message')).spanId)
    expect(receiver.received[0]?.headers.traceparent).toBe(`00-${traceOf('8')}-${delivered.spanId}-01`)
    await deleteWebhook(server.ctx, caller, id)
    receiver.close()
  })

  it('continues in a function, and in its requests to the API', async () => {
    const { main, channel, user } = await scene()
    const greeter = await deploy(
      main,
      'user.sent.message',
      `async function handleEvent(event, context) {
        await context.getApplicationApi().retrieveApplication()
        return context.traceparent
      }`,
    )
    const message = { type: 'TEXT', body: 'hi', user: { username: user.name } }
    await post(`/channels/${channel.id}/messages`, message, traceparentOf('d'))
    const [invocation] = await endedInvocations(main, greeter)
    const run = await spanOf('d', 'run user.sent.message')
    expect(run.parentSpanId).toBe((await spanOf('d', 'send-message')).spanId)
    expect(invocation?.result).toEqual({ payload: `00-${traceOf('d')}-${run.spanId}-01` })
    expect((await spanOf('d', 'retrieveApplication')).parentSpanId).toBe(run.spanId)
  })
})

it('an invalid traceparent starts a new trace', async () => {
  await fetch(`${server.url}/health`, { headers: { traceparent: `00-${traceOf('0')}-${parentOf('0')}-01` } })
  const find = () => collector.spans.find(({ name }) => name === 'GET /health')
  await expect.poll(find).toBeDefined()
  expect(find()?.parentSpanId ?? '').toBe('')
})

it('a trace that its caller does not sample is not exported', async () => {
  await fetch(`${server.url}/health`, { headers: { traceparent: `00-${traceOf('e')}-${parentOf('e')}-00` } })
  await fetch(`${server.url}/ready`, { headers: { traceparent: traceparentOf('f') } })
  await spanOf('f', 'GET /ready')
  expect(spansOf('e')).toEqual([])
})
