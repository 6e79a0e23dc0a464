import { ChatError } from '#errors.ts'

const reasonMax = 500

/** Returns the error for dependencies that cannot be installed, with npm's reason. */
export function installRefusal(reason: string): ChatError {
  const message = `The dependencies cannot be installed: ${reason.slice(0, reasonMax)}`
  return new ChatError('ClientError', message, [
    { resource: 'runtime', field: 'dependencies', code: 'invalid', message },
  ])
}
