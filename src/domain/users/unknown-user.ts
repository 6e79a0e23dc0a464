import { ChatError } from '#errors.ts'

export function unknownUser({ id, username }: { id?: number; username?: string }): ChatError {
  return new ChatError('ResourceNotFoundError', `user ${id ?? username ?? 'of that link'} does not exist`)
}
