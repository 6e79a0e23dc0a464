// Live events for operators.
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LiveFeed } from '#routes/admin/live-feed.ts'
import { Session } from '../../security/world.ts'
import { type AdminClient, createAdmin, signIn } from '../../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../../support/factories.ts'
import { endedJob, importFile } from '../../support/jobs.ts'
import { shareServer, startServer, type TestApplication, type TestServer } from '../../support/server.ts'

/** Maximum number of streams of a process. */
const viewersMax = 200
const responseTo = () => new ServerResponse(new IncomingMessage(new Socket()))

let server: TestServer
let application: TestApplication
let viewer: AdminClient
beforeAll(async () => {
  server = await shareServer()
  application = await server.createApplication()
  viewer = await createAdmin(server, 'viewer')
})
afterAll(() => server.close())

interface LiveEvent {
  id: number
  event: string
  data: { id: number }
}

/** Reads server-sent events. */
class Reader {
  readonly #answer: Response
  readonly #reader: ReadableStreamDefaultReader<string>
  #text = ''

  static async open(headers: Record<string, string>, { id } = application): Promise<Reader> {
    const answer = await fetch(`${server.url}/admin/v1/applications/${id}/live`, { headers })
    if (answer.status !== 200) throw new Error(String(answer.status))
    return new Reader(answer)
  }

  constructor(answer: Response) {
    this.#answer = answer
    this.#reader = (answer.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader()
  }

  get type() {
    return this.#answer.headers.get('content-type')
  }

  /** Returns the next event; undefined at the end of the stream. */
  async next(): Promise<LiveEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n')
      if (end >= 0) {
        const block = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 2)
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        if (field('event') === undefined) continue // a beat
        return { id: Number(field('id')), event: field('event') ?? '', data: JSON.parse(field('data') ?? '') }
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#text += value
    }
  }

  /** Returns the next event with this name. */
  async of(event: string): Promise<LiveEvent> {
    for (;;) {
      const next = await this.next()
      if (!next) throw new Error('It is over')
      if (next.event === event) return next
    }
  }

  close() {
    return this.#reader.cancel()
  }
}

const as = ({ key }: AdminClient, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${key}`,
  ...more,
})

describe('the live stream', () => {
  it('sends messages, connections and jobs, even where no client was connected before', async () => {
    const reader = await Reader.open(as(viewer))
    expect(reader.type).toBe('text/event-stream')
    expect(await reader.next()).toMatchObject({ event: 'open' })
    const user = await createUser(application)
    const channel = await createChannel(application)
    const message = await sendMessage(application, channel.id, { user: { id: user.id } })
    const sent = await reader.of('message')
    expect(sent.data).toMatchObject({ id: message.id, channelId: channel.id, user: { id: user.id } })
    await application.delete(`/messages/${message.id}`).expect(200)
    expect((await reader.of('message.deleted')).data).toEqual({ id: message.id, channelId: channel.id })
    const session = await Session.connect(server.url, application.apiKey, user.name)
    expect((await reader.of('session')).data).toMatchObject({ state: 'ACTIVE', user: { id: user.id } })
    if (typeof session !== 'string') session.stomp.ws.terminate()
    const { id } = await endedJob(application, (await importFile(application, 'users', [])).id)
    const job = await reader.of('job')
    expect(job.data).toMatchObject({ id, type: 'USER_IMPORT' })
    await reader.close()
  })

  it('continues after the last event received', async () => {
    const first = await Reader.open(as(viewer))
    const channel = await createChannel(application)
    const [one, two] = [
      await sendMessage(application, channel.id),
      await sendMessage(application, channel.id),
    ]
    const seen = await first.of('message')
    expect(seen.data.id).toBe(one.id)
    await first.close()
    const three = await sendMessage(application, channel.id)
    const second = await Reader.open(as(viewer, { 'last-event-id': String(seen.id) }))
    const rest = [await second.of('message'), await second.of('message')]
    expect(rest.map(({ data }) => data.id)).toEqual([two.id, three.id])
    await second.close()
    const wrong = await fetch(`${server.url}/admin/v1/applications/${application.id}/live`, {
      headers: as(viewer, { 'last-event-id': 'x' }),
    })
    expect(wrong.status).toBe(400)
  })

  it('says so where missed events are no longer stored', async () => {
    const reader = await Reader.open(as(viewer))
    const channel = await createChannel(application)
    await sendMessage(application, channel.id)
    const { id } = await reader.of('message')
    await sendMessage(application, channel.id)
    await reader.of('message')
    await reader.close()
    await server.ctx.db.query({ text: 'delete from event_log where position <= $1' }, [id])
    const late = await Reader.open(as(viewer, { 'last-event-id': '1' }))
    expect((await late.of('reset')).data).toEqual({})
    await late.close()
  })

  it('sends events of one application only, and of functions and webhooks only to operators who may see them', async () => {
    const other = await server.createApplication()
    const reader = await Reader.open(as(viewer), other)
    const writer = await createAdmin(server, 'developer')
    const developer = await Reader.open(as(writer), other)
    await sendMessage(application, (await createChannel(application)).id)
    const { body: made } = await other
      .post('/runtimes/nodejs/functions', { type: 'user.sent.message', name: 'echo' })
      .expect(200)
    const script = 'function handleEvent() { return "heard" }'
    await other.post(`/functions/${made.id}/versions`, { handlerScript: script }).expect(200)
    const user = await createUser(other)
    const message = await sendMessage(other, (await createChannel(other)).id, { user: { id: user.id } })
    expect((await reader.of('message')).data.id).toBe(message.id)
    const run = await developer.of('function')
    expect(run.data).toMatchObject({ status: 'SUCCEEDED', function: { id: made.id, name: 'echo' } })
    const webhook = { url: 'http://127.0.0.1:1/', events: ['channel.created'], enabled: true }
    const { body: hook } = await writer.post(`/applications/${other.id}/webhooks`, webhook).expect(201)
    await writer.post(`/applications/${other.id}/webhooks/${hook.id}/test`).expect(202)
    const delivery = await developer.of('webhook')
    expect(delivery.data).toMatchObject({
      type: 'webhook.test',
      state: 'pending',
      attempts: [{ error: expect.any(String) }],
      webhook: { id: hook.id, url: webhook.url },
    })
    const last = await sendMessage(other, message.channelId ?? 0)
    expect((await reader.next())?.data.id).toBe(last.id)
    await reader.close()
    await developer.close()
  })

  it("ends when the operator's session ends", async () => {
    const operator = { username: 'watcher', password: 'correct horse', role: 'viewer' }
    const owner = await createAdmin(server, 'owner')
    await owner.post('/operators', operator).expect(201)
    const { cookie, send } = await signIn(server, operator.username, operator.password)
    const reader = await Reader.open({ cookie })
    expect(await reader.next()).toMatchObject({ event: 'open' })
    await send('delete', '/session').expect(204)
    expect(await reader.next()).toBeUndefined()
  })

  it('ends when its developer is demoted', async () => {
    const other = await server.createApplication()
    const operator = { username: 'demoted', password: 'correct horse', role: 'developer' }
    const owner = await createAdmin(server, 'owner')
    const { body: created } = await owner.post('/operators', operator).expect(201)
    const first = await signIn(server, operator.username, operator.password)
    const reader = await Reader.open({ cookie: first.cookie }, other)
    expect(await reader.next()).toMatchObject({ event: 'open' })
    await owner.patch(`/operators/${created.id}`, { role: 'viewer' }).expect(200)
    expect(await reader.next()).toBeUndefined()
  })

  it('takes no place of others if its reader left before it began', async () => {
    const feed = new LiveFeed(server.ctx)
    const open = (response: ServerResponse) =>
      feed.open({ applicationId: application.id, forDevelopers: false, response, check: async () => {} })
    for (let left = 0; left < viewersMax; left++) await open(responseTo().destroy())
    await open(responseTo())
    feed.close()
  })

  it('is refused with 429 and the reason while there are too many', async () => {
    const { url } = server
    const done = new AbortController()
    const options = { headers: { authorization: `Bearer ${viewer.key}` }, signal: done.signal }
    const open = () => fetch(`${url}/admin/v1/applications/${application.id}/live`, options)
    const answers = await Promise.all(Array.from({ length: viewersMax + 1 }, open))
    const refused = answers.find(({ status }) => status !== 200)
    expect(refused?.status).toBe(429)
    expect(await refused?.json()).toMatchObject({ error: 'RateLimitedError' })
    done.abort()
  })

  it('does not delay the stop of the server', async () => {
    const stopping = await startServer()
    const { key } = await createAdmin(stopping, 'viewer')
    const answer = await fetch(`${stopping.url}/admin/v1/applications/${stopping.main.id}/live`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const reader = new Reader(answer)
    expect(await reader.next()).toMatchObject({ event: 'open' })
    await stopping.close()
    expect(await reader.next()).toBeUndefined()
  })
})
