// Customers' code that runs when an event happens in their application.
import { z } from 'zod'
import { defineResource, Id, Properties, RequiredText, Text, Timestamp } from '#resources/define.ts'
import { scriptMax } from '#resources/runtime.ts'
import { nameMax } from '#resources/user.ts'

/** The blocking event: the result of its functions decides about it. Functions of other events run afterwards. */
export const blockingType = 'user.attempted.start_session'

/** The events a function can handle (runtime contract 9). */
export const FunctionType = z.enum([
  blockingType,
  'user.started.chat_session',
  'user.sent.message',
  'user.received.notification',
  'user.read.message',
  'user.received.channel_invite',
  'user.triggered.event',
  'system.triggered.event',
  'user.reacted_to.message',
])
export type FunctionType = z.output<typeof FunctionType>

const FunctionRuntime = z
  .object({ id: Id, type: z.literal('NODEJS'), version: z.string() })
  .meta({ id: 'ChatFunctionChatRuntimeProperties' })

const VersionNumber = z.number().int().nonnegative().meta({ format: 'int64' })

export const ChatFunction = z.object({
  id: Id,
  type: FunctionType.describe('Type of event that the function handles'),
  runtime: FunctionRuntime,
  name: z.string(),
  description: z.string().optional(),
  enabled: z.boolean().describe('Whether the function runs when its event happens'),
  currentVersionNumber: VersionNumber.describe('Number of the version that runs. 0 if there is none yet'),
})
export type ChatFunction = z.output<typeof ChatFunction>

export const CreateFunction = z
  .object({
    type: FunctionType,
    name: RequiredText(nameMax),
    description: Text(2048).nullish(),
    // Accepted without effect: functions are ready before an event waits for them (contract h7).
    initializeAsynchronously: z.boolean().default(false),
  })
  .meta({ id: 'CreateChatFunctionResource' })
export type CreateFunction = z.output<typeof CreateFunction>

export const FunctionVersion = z.object({
  id: Id,
  versionNumber: VersionNumber.describe('Number of the version, from 1'),
  handlerScript: z.string().describe('JavaScript or TypeScript that runs when the event happens'),
})
export type FunctionVersion = z.output<typeof FunctionVersion>

export const CreateFunctionVersion = z
  .object({ handlerScript: RequiredText(scriptMax) })
  .meta({ id: 'CreateChatFunctionVersionResource' })
export type CreateFunctionVersion = z.output<typeof CreateFunctionVersion>

const FunctionLog = z
  .object({ level: z.enum(['debug', 'info', 'warn', 'error']), time: Timestamp, text: z.string() })
  .meta({ id: 'ChatFunctionInvocationLogProperties' })
export type FunctionLog = z.output<typeof FunctionLog>

/**
 * `args` and `result` belong to the customer, so their keys are never renamed. The logs and the duration are additions
 * to the documented fields.
 */
export const FunctionInvocation = z.object({
  id: Id,
  versionNumber: VersionNumber,
  args: Properties.describe('Arguments that the function was called with'),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED']),
  result: Properties.describe('What the function returned, under `payload`, or why it failed, under `error`'),
  logs: z.array(FunctionLog).describe('What the function wrote to the console'),
  durationMs: z
    .number()
    .int()
    .optional()
    .meta({ format: 'int32', description: 'Duration of the run, in milliseconds' }),
  createdTime: Timestamp,
})
export type FunctionInvocation = z.output<typeof FunctionInvocation>

export const functionResource = defineResource({
  name: 'function',
  collection: 'functions',
  component: 'ChatFunctionResource',
  shape: ChatFunction,
  links: {
    self: ({ id }) => `/functions/${id}`,
    versions: ({ id }) => `/functions/${id}/versions`,
    invocations: ({ id }) => `/functions/${id}/invocations`,
    currentVersion: ({ id }) => `/functions/${id}/current-version`,
    application: () => '',
  },
})

export const functionVersionResource = defineResource({
  name: 'function_version',
  collection: 'versions',
  component: 'ChatFunctionVersionResource',
  shape: FunctionVersion,
  links: { self: ({ id }) => `/function-versions/${id}`, application: () => '' },
})

export const functionInvocationResource = defineResource({
  name: 'invocation',
  collection: 'invocations',
  component: 'ChatFunctionInvocationResource',
  shape: FunctionInvocation,
  links: { application: () => '' },
})
