// Functions in the shapes that operators write in the console.
import { z } from 'zod'
import { Properties, Text, Timestamp } from '#resources/define.ts'
import {
  ChatFunction,
  CreateFunction,
  CreateFunctionVersion,
  FunctionInvocation,
  FunctionVersion,
} from '#resources/function.ts'
import { scriptMax } from '#resources/runtime.ts'

export const AdminFunction = ChatFunction.extend({}).meta({ id: 'Function' })
export const AdminInvocation = FunctionInvocation.extend({}).meta({ id: 'FunctionInvocation' })
export const AdminFunctionVersion = FunctionVersion.extend({}).meta({ id: 'FunctionVersion' })
export const AdminCreateFunction = CreateFunction.omit({ initializeAsynchronously: true }).meta({
  id: 'CreateFunction',
})
export const DeployFunction = CreateFunctionVersion.extend({}).meta({ id: 'DeployFunction' })

export const PatchFunction = z
  .object({ enabled: z.boolean().describe('Whether the function runs when its event happens') })
  .meta({ id: 'PatchFunction' })

export const SaveDraft = z
  .object({
    handlerScript: Text(scriptMax),
    replaces: z
      .string()
      .optional()
      .describe(
        'The `tag` of the script that was edited. If there is another one by now, the answer is 409 and nothing is saved; without it, the last save wins',
      ),
  })
  .meta({ id: 'SaveFunctionDraft' })
export type SaveDraft = z.output<typeof SaveDraft>

export const FunctionDraft = z
  .object({
    handlerScript: z.string(),
    tag: z.string().describe('Identifies this script among those that the function has had'),
    savedTime: Timestamp.optional().describe(
      'Time at which the draft was saved. Absent if there is no draft and this is the script that runs',
    ),
  })
  .meta({ id: 'FunctionDraft' })
export type FunctionDraft = z.output<typeof FunctionDraft>

export const SampleEvent = z
  .object({ event: Properties.describe('Example of an event that a function of this type receives') })
  .meta({ id: 'FunctionSampleEvent' })
export type SampleEvent = z.output<typeof SampleEvent>

export const TryFunction = z
  .object({
    handlerScript: DeployFunction.shape.handlerScript,
    event: Properties.describe('Event to call the script with'),
  })
  .meta({ id: 'TryFunction' })
export type TryFunction = z.output<typeof TryFunction>

export const Trial = FunctionInvocation.pick({ result: true, logs: true })
  .extend({
    status: z.enum(['SUCCEEDED', 'FAILED']),
    durationMs: z.number().int().describe('Duration of the run, in milliseconds').meta({ format: 'int32' }),
  })
  .meta({ id: 'FunctionTrial' })
export type Trial = z.output<typeof Trial>
