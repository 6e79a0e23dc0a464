import type { Context } from '#context.ts'
import type { RuntimeRecord } from '#data/functions/runtimes.ts'
import type { Environment } from '#domain/functions/runtime/environment.ts'
import { tryOpenEnvironment } from '#domain/functions/runtime/try-open-environment.ts'
import { ChatError } from '#errors.ts'

/** @throws ChatError 500 if the environment was sealed with another key */
export async function openEnvironment(
  ctx: Context,
  applicationId: number,
  { environment }: RuntimeRecord,
): Promise<Environment> {
  const opened = await tryOpenEnvironment(ctx, applicationId, environment)
  if (opened) return opened
  throw new ChatError('InternalServerError', 'The environment variables cannot be read: set them again')
}
