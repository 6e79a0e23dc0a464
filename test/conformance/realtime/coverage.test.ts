// Compares the second table of COVERAGE.md with the official real-time client. The test files that it names end by
// checking that its claims are true.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { getSdkClient } from '@chatkitty/core'
import { describe, expect, it } from 'vitest'
import { chatCallbacks } from '../realtime.ts'
import { readRealtimeCoverage } from '../realtime-coverage.ts'

const types = readFileSync(
  createRequire(import.meta.url)
    .resolve('@chatkitty/core')
    .replace(/\.m?js$/, '.d.ts'),
  'utf8',
)

/** The members of a class or an interface, according to the package's types. */
function membersOf(name: string): string[] {
  const [, text = ''] = new RegExp(`(?:class|interface) ${name} {\n(.*?)\n}`, 's').exec(types) ?? []
  return [...text.matchAll(/^ {4}(\w+)\??[:(]/gm)].map(([, member = '']) => member)
}

/** The functions that the package exports. */
const functions = ['connectApi', 'getSdkClient', 'loadChatUi', 'template']

describe('the second table of COVERAGE.md', () => {
  const rows = readRealtimeCoverage()

  it('has a row for every method and callback of @chatkitty/core 2.106.2', () => {
    const client = getSdkClient('any', { $environment: { host: 'localhost', secure: false } })
    const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client)).filter(
      (name) => name !== 'constructor',
    )
    const reactive = ['user', 'notifications', 'unreadChannelsCount', 'unreadMessagesCount']
    const expected = [
      ...methods.filter((name) => name !== 'sendMessage'),
      ...['text', 'external file', 'upload'].map((way) => `sendMessage (${way})`),
      ...chatCallbacks.map((name) => `startChatSession.${name}`),
      'ChatSession.setThread',
      'ChatSession.end',
      'ChatKittyPaginator.nextPage',
      'ChatKittyPaginator.prevPage',
      ...membersOf('ApiConnection').map(
        (name) => `ApiConnection.${name}${reactive.includes(name) ? '.watch' : ''}`,
      ),
      ...functions,
    ]
    expect(rows.map(({ entry }) => entry).sort()).toEqual(expected.sort())
    expect(rows).toHaveLength(126)
  })

  it('knows all callbacks of a chat session', () => {
    const callbacks = membersOf('StartChatSessionRequest').filter((name) => name !== 'channel')
    expect([...chatCallbacks].sort()).toEqual(callbacks.sort())
  })

  it('has no row without a test', () => {
    expect(rows.filter(({ file }) => file === undefined)).toEqual([])
  })
})
