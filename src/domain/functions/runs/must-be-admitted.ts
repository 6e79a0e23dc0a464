import type { Context, Outcome } from '#context.ts'
import { beginInvocations } from '#data/functions/function-runs.ts'
import { currentFunctionsOfType } from '#data/functions/functions.ts'
import { maskSecrets } from '#domain/functions/runs/mask-secrets.ts'
import { runFunction } from '#domain/functions/runs/run-function.ts'
import { ChatError } from '#errors.ts'
import { blockingType } from '#resources/function.ts'

/** How long a client waits for a process, which may have to be started. */
const waitMs = 10_000
const messageMax = 1_000

/** The arguments of the functions, under exactly these names (runtime contract 9). */
export interface StartSessionAttempt extends Record<string, unknown> {
  username: string
  authParams: Record<string, unknown>
}

/**
 * Calls the functions that decide who may connect, oldest first; each must succeed. No lock is held, so they may create
 * the user, channels and memberships.
 * @returns false if there are no such functions, so that none was called
 * @throws ChatError AccessDeniedError with the message that a function threw, or the reason why it did not finish
 */
export async function mustBeAdmitted(
  ctx: Context,
  applicationId: number,
  attempt: StartSessionAttempt,
): Promise<boolean> {
  const functions = await currentFunctionsOfType(ctx.db, applicationId, blockingType)
  for (const current of functions) {
    const { id: functionId, versionNumber } = current
    const args = maskSecrets(attempt)
    const [invocationId = 0] = await beginInvocations(ctx.db, ctx.node.id, [
      { functionId, versionNumber, args },
    ])
    const timeoutMs = ctx.config.functionBlockingTimeoutMs
    const run = { function: current, invocationId, event: attempt, timeoutMs, waitMs }
    const outcome = await runFunction(ctx, run)
    if (outcome.status === 'FAILED') {
      throw new ChatError('AccessDeniedError', reasonOf(ctx, outcome).slice(0, messageMax))
    }
  }
  return functions.length > 0
}

function reasonOf({ config }: Context, { reason, error }: Extract<Outcome, { status: 'FAILED' }>): string {
  switch (reason) {
    case 'threw':
      return error.message || 'A chat function refused this session'
    case 'timeout':
      return `The chat function that decides who may connect took longer than ${config.functionBlockingTimeoutMs / 1_000} seconds`
    default:
      return 'The chat function that decides who may connect could not run'
  }
}
