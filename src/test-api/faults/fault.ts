// The schemas of faults: what they apply to and what they do (testing contract 4).
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'
import { Id } from '#resources/define.ts'
import { blockingType } from '#resources/function.ts'
import { webhookTypes } from '#resources/webhook.ts'
import { readBody } from '#test-api/reading.ts'

const textMax = 1_024
const globMax = 512
const delayMsMax = 600_000
const Line = z.string().min(1).max(textMax)
const Glob = z.string().min(1).max(globMax)
const On = z.literal(true)

const Milliseconds = z.number().min(0).max(delayMsMax)
const Delay = z.union(
  [
    Milliseconds,
    z
      .tuple([Milliseconds, Milliseconds])
      .refine(([least, most]) => least <= most, 'a range must start with its smaller number'),
  ],
  { error: `must be milliseconds up to ${delayMsMax}, or a range of them as [100, 500]` },
)
export type Delay = z.output<typeof Delay>

const limits = {
  times: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  seed: z.union([z.number(), z.string().max(textMax)], { error: 'must be a number or a text' }).optional(),
}

/** Validates that an effect has at most one of these fields, each of which determines how the answer ends. */
function atMostOne(names: string[]) {
  return (effect: Record<string, unknown>, check: z.core.$RefinementCtx) => {
    const given = names.filter((name) => effect[name] !== undefined)
    if (given.length > 1) {
      check.addIssue({ code: 'custom', path: [given[1] as string], message: `does not go with ${given[0]}` })
    } else if (given.length === 0 && effect.delayMs === undefined) {
      check.addIssue({ code: 'custom', message: `must have one of ${[...names, 'delayMs'].join(', ')}` })
    }
  }
}

// ------------------------------------------------------------------------------------------------ REST

/** Headers that cannot be set, because the server frames answers itself. */
const framing = new Set(['content-length', 'transfer-encoding', 'connection'])

const Headers = z.record(z.string(), z.string()).superRefine((headers, check) => {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
      if (!framing.has(name.toLowerCase())) continue
      check.addIssue({ code: 'custom', path: [name], message: 'cannot be chosen' })
    } catch {
      check.addIssue({ code: 'custom', path: [name], message: 'is no header that HTTP allows' })
    }
  }
})

const ofAnswer = ['error', 'message', 'headers', 'body'] as const

function mustHaveStatus(effect: Record<string, unknown>, check: z.core.$RefinementCtx): void {
  if (effect.status !== undefined) return
  for (const name of ofAnswer) {
    if (effect[name] !== undefined) {
      check.addIssue({ code: 'custom', path: [name], message: 'needs a status' })
    }
  }
}

/** What can be done to an answer over HTTP, ours or that of a customer's server. */
const answer = {
  status: z.int().min(200).max(599).optional(),
  headers: Headers.optional(),
  body: z.unknown().optional(),
  delayMs: Delay.optional(),
  reset: On.optional(),
  hang: On.optional(),
  after: z.boolean().optional(),
}

const RestEffect = z
  .strictObject({
    ...answer,
    error: Line.optional(),
    message: Line.optional(),
    truncateAfterBytes: z.int().min(0).optional(),
  })
  .superRefine(atMostOne(['status', 'reset', 'hang', 'truncateAfterBytes']))
  .superRefine(mustHaveStatus)
export type RestEffect = z.output<typeof RestEffect>

/** Another would never apply, and a test would pass for the wrong reason. */
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Paths begin with a slash and are matched without their query; another glob would never apply either. */
const PathGlob = Glob.regex(/^[/*]/, 'must begin with / or *, like a path').regex(
  /^[^?#]*$/,
  'must have no query: it is matched with the path alone',
)

const RestTarget = z.strictObject({
  operation: Line.optional(),
  method: Line.toUpperCase().pipe(z.enum(methods)).optional(),
  path: PathGlob.optional(),
})
export type RestTarget = z.output<typeof RestTarget>

const RestFault = z.strictObject({ on: RestTarget, do: RestEffect, ...limits })

// -------------------------------------------------------------------------------------------- the socket

const Frame = z.enum(['CONNECT', 'SUBSCRIBE', 'SEND', 'MESSAGE'])

const SocketEffect = z
  .strictObject({
    disconnect: On.optional(),
    refuse: Line.optional(),
    error: z.strictObject({ error: Line, message: Line }).optional(),
    delayMs: Delay.optional(),
    drop: On.optional(),
    duplicate: On.optional(),
  })
  .superRefine(atMostOne(['disconnect', 'refuse', 'error', 'drop', 'duplicate']))
export type SocketEffect = z.output<typeof SocketEffect>

/** The effects that make sense for each frame, in addition to `delayMs` and `disconnect`. */
const effectsOf: Record<z.output<typeof Frame>, (keyof SocketEffect)[]> = {
  CONNECT: ['refuse', 'error'],
  SUBSCRIBE: ['error', 'drop'],
  SEND: ['error', 'drop', 'duplicate'],
  MESSAGE: ['drop', 'duplicate'],
}

const SocketTarget = z
  .strictObject({
    frame: Frame,
    destination: Glob.optional(),
    type: Line.optional(),
    username: Line.optional(),
  })
  .superRefine(({ frame, destination, type }, check) => {
    if (destination !== undefined && frame === 'CONNECT') {
      check.addIssue({ code: 'custom', path: ['destination'], message: 'a CONNECT has none' })
    }
    if (type !== undefined && frame !== 'MESSAGE') {
      check.addIssue({ code: 'custom', path: ['type'], message: 'only a MESSAGE has one' })
    }
  })
export type SocketTarget = z.output<typeof SocketTarget>

const SocketFault = z
  .strictObject({ on: SocketTarget, do: SocketEffect, ...limits })
  .superRefine(({ on, do: effect }, check) => {
    const possible: string[] = [...effectsOf[on.frame], 'disconnect', 'delayMs']
    for (const name of Object.keys(effect).filter((each) => !possible.includes(each))) {
      check.addIssue({ code: 'custom', path: ['do', name], message: `cannot be done to a ${on.frame}` })
    }
  })

// --------------------------------------------------------------------------------------------- functions

const FunctionEffect = z
  .strictObject({
    error: z.strictObject({ error: Line.optional(), message: Line.optional() }).optional(),
    hang: On.optional(),
    delayMs: Delay.optional(),
  })
  .superRefine(atMostOne(['error', 'hang']))
export type FunctionEffect = z.output<typeof FunctionEffect>

const FunctionTarget = z.strictObject({ function: Line })
export type FunctionTarget = z.output<typeof FunctionTarget>

const FunctionFault = z.strictObject({ on: FunctionTarget, do: FunctionEffect, ...limits })

// ---------------------------------------------------------------------------------------------- webhooks

const WebhookEffect = z
  .strictObject(answer)
  .superRefine(atMostOne(['status', 'reset', 'hang']))
  .superRefine(mustHaveStatus)
export type WebhookEffect = z.output<typeof WebhookEffect>

const WebhookTarget = z.strictObject({
  webhook: Id,
  type: z.enum([...webhookTypes, blockingType, 'webhook.test']).optional(),
})
export type WebhookTarget = z.output<typeof WebhookTarget>

const WebhookFault = z.strictObject({ on: WebhookTarget, do: WebhookEffect, ...limits })

// ------------------------------------------------------------------------------------------------------

const AnyFault = z.looseObject({ on: z.record(z.string(), z.unknown()) })

/** A fault as requested. */
export type NewFault =
  | ({ kind: 'request' } & z.output<typeof RestFault>)
  | ({ kind: 'frame' } & z.output<typeof SocketFault>)
  | ({ kind: 'function' } & z.output<typeof FunctionFault>)
  | ({ kind: 'webhook' } & z.output<typeof WebhookFault>)

/** @throws ChatError 400 that names the field, such as `do.status` */
export function readFault(body: unknown): NewFault {
  const { on } = readBody('fault', AnyFault, body)
  if ('webhook' in on) return { kind: 'webhook', ...readBody('fault', WebhookFault, body) }
  if ('frame' in on) return { kind: 'frame', ...readBody('fault', SocketFault, body) }
  if ('function' in on) return { kind: 'function', ...readBody('fault', FunctionFault, body) }
  return { kind: 'request', ...readBody('fault', RestFault, body) }
}
