// The types of the testing kit match what the server accepts. Most of this is checked by the compiler.
import { readFile } from 'node:fs/promises'
import { expect, expectTypeOf, it } from 'vitest'
import { parse } from 'yaml'
import type { z } from 'zod'
import type { FunctionType } from '#resources/function.ts'
import type { ChannelImport, UserImport } from '#resources/imports.ts'
import type { WebhookType } from '#resources/webhook.ts'
import type { FunctionEvent, SeedChannel, SeedUser, WebhookEvent, World } from '#testing/index.ts'

it('the types of seeds accept what imports accept', () => {
  expectTypeOf<SeedUser>().toExtend<z.input<typeof UserImport>>()
  expectTypeOf<SeedChannel>().toExtend<z.input<typeof ChannelImport>>()
  expectTypeOf<FunctionEvent>().toEqualTypeOf<FunctionType>()
})

it('the events of webhooks are those of the server', () => {
  expectTypeOf<WebhookEvent>().toEqualTypeOf<WebhookType>()
})

it('the operations are those of openapi.yaml', async () => {
  const { paths } = parse(await readFile('openapi.yaml', 'utf8'))
  const ids = Object.values(paths as Record<string, Record<string, { operationId?: string }>>)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ operationId }) => operationId ?? [])
  const known = [...(await readFile('src/testing/operations.ts', 'utf8')).matchAll(/'(\w+)'/g)]
  expect(known.map(([, id]) => id)).toEqual(ids)
})

it('the compiler refuses a fault that its target does not support', () => {
  const check = (world: World) => {
    world.fail({ operation: 'sendChannelMessage' }, { status: 503, after: true, times: 1 })
    world.fail({ frame: 'MESSAGE', type: 'thread.message.created' }, { drop: true, delayMs: [1, 9] })
    world.fail({ function: 'greet' }, { hang: true, probability: 0.5, seed: 7 })
    world.fail({ frame: 'CONNECT' }, { refuse: 'not now' })
    world.fail({ webhook: 1, type: 'message.created' }, { status: 503, after: true })
    // @ts-expect-error what is told to a webhook is not cut short
    world.fail({ webhook: 1 }, { truncateAfterBytes: 1 })
    // @ts-expect-error a request has no connection of STOMP
    world.fail({ operation: 'sendChannelMessage' }, { disconnect: true })
    // @ts-expect-error a MESSAGE is not refused
    world.fail({ frame: 'MESSAGE' }, { refuse: 'not now' })
    // @ts-expect-error something must go wrong
    world.fail({ operation: 'sendChannelMessage' }, { times: 1 })
  }
  expectTypeOf(check).toBeFunction()
})

it('an expected entry has the type of its kind', () => {
  const check = async (world: World) => {
    const entry = await world.expect({ kind: 'request', operation: 'sendChannelMessage' })
    expectTypeOf(entry.status).toEqualTypeOf<number | null>()
    const [frame] = await world.journal({ kind: 'frame' })
    expectTypeOf(frame?.username).toEqualTypeOf<string | undefined>()
    await world.expect({ kind: 'webhook', requestBody: { data: { body: 'Hi' } } })
    await world.expect({ kind: 'webhook', requestBody: { type: 'message.created' } })
    await world.expectNone({ kind: 'function', error: { name: 'TypeError' } })
    await world.expect({ kind: 'function', event: { message: { id: 1 } } })
    // @ts-expect-error a type is a text, also in a subset
    await world.expect({ kind: 'webhook', requestBody: { type: 1 } })
    // @ts-expect-error a request has a method, and no frame
    await world.expect({ kind: 'request', frame: 'SEND' })
  }
  expectTypeOf(check).toBeFunction()
})
