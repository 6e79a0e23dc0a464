// Each generation of the chat client, as it is published, through everything that its API has.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUser } from '../support/factories.ts'
import { startServer, type TestServer } from '../support/server.ts'
import type { Stage } from './generations/act.ts'
import { acts } from './generations/acts.ts'
import { bundle, load } from './generations/page.ts'
import { Person } from './generations/person.ts'
import { clients } from './generations/table.ts'
import { aName } from './realtime.ts'

let server: TestServer
let codes: Map<string, string>
beforeAll(async () => {
  ;[server, codes] = await Promise.all([startServer(), bundle(clients.map((client) => client.package))])
})
afterAll(() => server.close())

/** Whether the code of a client knows one of these names. */
const knows = (code: string) => (names: string) => new RegExp(`\\b(${names})\\b`).test(code)

describe.concurrent.each(clients)('$name', (client) => {
  let stage: Stage
  beforeAll(async () => {
    const application = await server.createApplication()
    const code = codes.get(client.package) ?? ''
    const exports = load(code)
    const origin = { code, ChatKitty: exports.default ?? exports.ChatKitty }
    const [ann, ben] = ['ann', 'ben'].map((word) => new Person(origin, server, application, aName(word)))
    if (!ann || !ben) return
    for (const { name } of [ann, ben]) await createUser(application, { name, displayName: name })
    await Promise.all([ann.logIn(), ben.logIn()])
    const request = { type: 'PUBLIC', name: aName('den'), members: [{ username: ben.name }] }
    const { channel } = await ann.do('createChannel', request)
    const [annChat, benChat] = await Promise.all([ann.chat(channel), ben.chat(channel)])
    stage = { server, application, origin, ann, ben, channel, annChat, benChat }
  })
  afterAll(() => Promise.all([stage?.ann.do('endSession'), stage?.ben.do('endSession')]))

  it.sequential('lacks what it is said to lack', () => {
    const has = knows(stage.origin.code)
    const lacking = acts.filter(([, { uses }]) => !uses.every(has)).map(([name]) => name)
    expect(lacking.sort()).toEqual([...client.lacks].sort())
  })

  for (const [name, { play }] of acts) {
    const test = client.lacks.includes(name) ? it.skip : it.sequential
    test(name, () => play(stage))
  }
})
