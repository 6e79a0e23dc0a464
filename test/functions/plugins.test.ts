// Functions written as plugins: a class with a method for each event that it handles.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRunner, type TestRunner } from './support.ts'

let test: TestRunner
beforeAll(async () => {
  test = await startRunner()
})
afterAll(() => test.close())

const plugin = `
export default class Greeter {
  private greeting = 'nobody said'
  async onInitialize(context) { this.greeting = context.optionalParams.GREETING ?? 'Hello' }
  async handleUserAttemptedStartSessionEvent(event, context) { return this.greeting + ' ' + event.username }
  handleUserSentMessageEvent(event, { requiredParams }) { return requiredParams.ROOM + ': ' + event.message.body }
}`

const attempt = { eventType: 'user.attempted.start_session', event: { username: 'jane' } }

describe('a plugin', () => {
  it.each([
    ['by default', plugin],
    ['by its name', plugin.replace('export default class', 'export class')],
    ['as the module', `${plugin.replace('export default class', 'class')}\nmodule.exports = Greeter`],
    [
      'through the class it extends',
      `${plugin.replace('export default class', 'class')}\nexport default class extends Greeter {}`,
    ],
  ])('is found when it is exported %s, and starts with onInitialize', async (_, script) => {
    expect(await test.result(script, attempt)).toBe('Hello jane')
  })

  it('handles each event with the method of its name', async () => {
    const spec = { applicationId: 2, environment: { ROOM: 'Lobby', GREETING: 'Bonjour' } }
    expect(await test.result(plugin, { ...attempt, spec })).toBe('Bonjour jane')
    const sent = { eventType: 'user.sent.message', event: { message: { body: 'Hi' } } }
    expect(await test.result(plugin, { ...sent, spec })).toBe('Lobby: Hi')
  })

  it('fails with its own error where a required parameter is missing', async () => {
    const sent = { eventType: 'user.sent.message', event: { message: { body: 'Hi' } } }
    expect(await test.invoke(plugin, sent)).toMatchObject({
      status: 'FAILED',
      reason: 'threw',
      error: { message: 'the parameter ROOM is missing: set a variable of this name' },
    })
  })

  it('fails with its own error where it has no method for the event', async () => {
    expect(await test.invoke(plugin, { eventType: 'system.triggered.event' })).toMatchObject({
      status: 'FAILED',
      reason: 'threw',
      error: { message: 'the plugin has no method named handleSystemTriggeredEventEvent' },
    })
  })

  it('is initialised for each run', async () => {
    const counter = `module.exports = class {
      runs = 0
      handleUserSentMessageEvent() { return ++this.runs }
    }`
    expect([await test.result(counter), await test.result(counter)]).toEqual([1, 1])
  })
})
