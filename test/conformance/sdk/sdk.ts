// The server SDKs as the suite knows them: the same calls and camelCase, however they name and spell them.
import type { ChatKitty } from 'chatkitty'
import { expect } from 'vitest'
import type { TestApplication, TestServer } from '../../support/server.ts'
import type { Call, Untyped } from '../support.ts'

/** The calls by the names that the newest SDK gives them, without `Api` behind each group. */
export type Apis = {
  [Api in keyof Untyped<ChatKitty> as Api extends `${infer Group}Api`
    ? Group
    : never]: Untyped<ChatKitty>[Api]
}
/** Those of one SDK, which need not have all. */
type SomeApis = Partial<Record<keyof Apis, Record<string, Call>>>

export interface Sdk {
  spelling: 'camelCase' | 'snake_case'
  contentType: RegExp
  /** What its paths begin with. */
  base: '' | '/v1'
  /** What imports of users call a guest. */
  importedGuest: 'guest' | 'isGuest'
  /** The SDK itself, unmodified, with everything as it spells it. */
  raw(server: TestServer, application: TestApplication): SomeApis
  /** A field's name, given in camelCase, as the SDK spells it. */
  key(camel: string): string
  /** The arguments of an import. */
  importing(items: unknown[]): unknown[]
}

/** Keys below are the customer's, or names of links. */
const untouched = [
  '_links',
  'properties',
  'environmentVariables',
  'environment_variables',
  'args',
  'result',
  'secret',
]

/** The call whose argument is the customer's own map. */
const customersMap = 'updateNodejsRuntimeEnvironmentVariables'

function respell(value: unknown, change: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => respell(item, change))
  if (value?.constructor !== Object) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      change(key),
      untouched.includes(key) ? each : respell(each, change),
    ]),
  )
}

const snake = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const camel = (key: string) => key.replace(/(?<=.)_([a-z])/g, (_, letter: string) => letter.toUpperCase())
/** `isGuest` is never spelled otherwise in what is shown, though what is given may be. */
const shownInSnake = (key: string) => (key === 'isGuest' ? key : snake(key))

/** Calls an SDK in camelCase. What it answers must be spelled as it spells throughout. */
export function inCamelCase({ spelling }: Sdk, apis: SomeApis): Apis {
  if (spelling === 'camelCase') return apis as Apis
  const wrap = (api: Record<string, Call>) =>
    new Proxy(api, {
      get: (target, name: string): Call => {
        return async (...args) => {
          const given = name === customersMap ? args : args.map((arg) => respell(arg, snake))
          const answer = await (target[name] as Call)(...given)
          const data = respell(answer.data, camel)
          expect(answer.data).toEqual(respell(data, shownInSnake))
          return { ...answer, data }
        }
      },
    })
  return Object.fromEntries(Object.entries(apis).map(([name, api]) => [name, wrap(api)])) as Apis
}
