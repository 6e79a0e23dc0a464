// Validates seeds (testing contract 2), whose items look as in imports.

import { z } from 'zod'
import { ChatError, type FieldProblem, summaryOf } from '#errors.ts'
import { isObject } from '#resources/define.ts'
import { ChannelImport, SeedMessage, UserImport } from '#resources/imports.ts'
import { type Seed, SeedFunction } from '#resources/worlds/seed.ts'
import { compileCheck } from '#wire/reading.ts'
import { findOddFields } from '#wire/unknown-fields.ts'

const Items = z.array(z.unknown()).default([])

/** A seed whose items are not checked yet; {@link readSeed} does that. */
export const SeedBody = z.strictObject({
  users: Items,
  channels: Items,
  messages: Items,
  functions: Items,
})

const checks = {
  users: strictCheck('user', UserImport),
  channels: strictCheck('channel', ChannelImport),
  messages: strictCheck('message', SeedMessage),
  functions: strictCheck('function', SeedFunction),
}

/** @throws ChatError 400 that names the problem of the first invalid item, such as `seed.users[3].name` */
export function readSeed(body: z.output<typeof SeedBody>): Seed {
  return {
    users: readAll('users', body.users, checks.users),
    channels: readAll('channels', body.channels, checks.channels),
    messages: readAll('messages', body.messages, checks.messages),
    functions: readAll('functions', body.functions, checks.functions),
  }
}

function readAll<T>(kind: string, items: unknown[], check: (item: unknown) => T): T[] {
  return items.map((item, at) => {
    try {
      return check(item)
    } catch (error) {
      throw error instanceof ChatError ? placed(error, `seed.${kind}[${at}]`, item) : error
    }
  })
}

/** Like `compileCheck`, but refuses unknown fields: a misspelt one would leave a world without what a test relies on. */
function strictCheck<S extends z.ZodType>(resource: string, schema: S): (item: unknown) => z.output<S> {
  const check = compileCheck(resource, schema)
  return (item) => {
    const checked = check(item)
    const unknown = findOddFields(schema, item).filter(({ isDeprecated }) => !isDeprecated)
    if (unknown.length === 0) return checked
    const problems = unknown.map(({ path: field, nearest }): FieldProblem => {
      const message = `${field} is not a known field; the nearest is ${nearest}`
      return { resource, field, code: 'invalid', message }
    })
    throw new ChatError('ClientError', summaryOf(problems), problems)
  }
}

/** Returns the error with its fields prefixed by `place`; if the item is not an object, the field is `place` itself. */
function placed(error: ChatError, place: string, item: unknown): ChatError {
  const problems = error.problems.map(({ snakeField: _, ...problem }) => {
    const within = isObject(item) ? `.${problem.field}`.replace(/\.(\d+)/g, (_, at) => `[${at}]`) : ''
    const field = place + within
    const rule = problem.message.startsWith(problem.field)
      ? problem.message.slice(problem.field.length)
      : `: ${problem.message}`
    return { ...problem, field, message: field + rule }
  })
  return new ChatError(error.kind, summaryOf(problems), problems)
}
