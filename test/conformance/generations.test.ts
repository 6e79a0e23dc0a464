// Uses the whole API of each published generation of the chat client.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy } from '../support/functions.ts'
import { shareServer, type TestServer } from '../support/server.ts'
import { once, type Stage, same } from './generations/act.ts'
import { acts } from './generations/acts.ts'
import { bundle, load } from './generations/page.ts'
import { type Chat, type Origin, Person } from './generations/person.ts'
import { type Client, clients } from './generations/table.ts'
import { uniqueName } from './realtime.ts'

let server: TestServer
let codes: Map<string, string>
beforeAll(async () => {
  ;[server, codes] = await Promise.all([shareServer(), bundle(clients.map((client) => client.package))])
})
afterAll(() => server.close())

/** Whether the code of a client contains one of these names. */
const knows = (code: string) => (names: string) => new RegExp(`\\b(${names})\\b`).test(code)

const origins = new Map<Client, Origin>()

/** Loads the code of a client once, as a page would. */
function originOf(client: Client): Origin {
  const known = origins.get(client)
  if (known) return known
  const code = codes.get(client.package) ?? ''
  const origin = { code, ChatKitty: load(code) }
  origins.set(client, origin)
  return origin
}

describe.concurrent.each(clients)('$name', (client) => {
  let stage: Stage
  beforeAll(async () => {
    const application = await server.createApplication()
    const origin = originOf(client)
    const [ann, ben] = ['ann', 'ben'].map((word) => new Person(origin, server, application, uniqueName(word)))
    if (!ann || !ben) return
    for (const { name } of [ann, ben]) await createUser(application, { name, displayName: name })
    await Promise.all([ann.logIn(), ben.logIn()])
    const request = { type: 'PUBLIC', name: uniqueName('den'), members: [{ username: ben.name }] }
    const { channel } = await ann.do('createChannel', request)
    const [annChat, benChat] = await Promise.all([ann.chat(channel), ben.chat(channel)])
    stage = { server, application, origin, ann, ben, channel, annChat, benChat }
  })
  afterAll(() => Promise.all([stage?.ann.do('endSession'), stage?.ben.do('endSession')]))

  it.sequential('has no method or callback that the table marks as missing', () => {
    const has = knows(stage.origin.code)
    const lacking = acts.filter(([, { uses }]) => !uses.every(has)).map(([name]) => name)
    expect(lacking.sort()).toEqual([...client.lacks].sort())
  })

  for (const [name, { play }] of acts) {
    if (!client.lacks.includes(name)) it.sequential(name, () => play(stage))
  }
})

describe('clients of all generations', () => {
  it('send their authParams to the session functions', async () => {
    const guarded = await server.createApplication()
    const handler = `async function handleEvent({ authParams }) {
      if (authParams.token !== 'Zürich') throw new Error('Not with this token')
    }`
    await deploy(guarded, 'user.attempted.start_session', handler)
    for (const client of clients) {
      const person = new Person(originOf(client), server, guarded, uniqueName('guest'))
      const eve = new Person(originOf(client), server, guarded, uniqueName('eve'))
      await person.logIn({ token: 'Zürich' })
      expect(person.user.name, client.name).toBe(person.name)
      await eve.refused('startSession', { username: eve.name, authParams: { token: 'Bern' } })
      await person.do('endSession')
    }
  })

  it('receive further messages when they reconnect after their connection was cut', async () => {
    const application = await server.createApplication()
    const people = clients.map(
      (client) => new Person(originOf(client), server, application, uniqueName('guest')),
    )
    await Promise.all(people.map((person) => person.logIn()))
    const members = people.map(({ name }) => ({ username: name }))
    const { id } = await createChannel(application, { name: uniqueName('room'), members })
    const chats: Chat[] = []
    for (const person of people) {
      const { channel } = await person.do('getChannel|retrieveChannel', id)
      chats.push(await person.chat(channel))
    }
    await Promise.all(people.map((person) => person.loseConnection()))
    const sent = await sendMessage(application, id)
    for (const { message } of chats) {
      await message.next(same(sent))
      once(message.items, same(sent))
    }
    await Promise.all(people.map((person) => person.do('endSession')))
  })
})
