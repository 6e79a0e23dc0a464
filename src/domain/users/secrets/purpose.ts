// Secrets are named values that a backend stores with a user.
import type { StoredSecret } from '#data/users/user-secrets.ts'

/** The purpose that a secret is sealed for; it cannot be opened for another. */
export const about = ({ userId, name }: Pick<StoredSecret, 'userId' | 'name'>) =>
  `the secret ${name} of user ${userId}`
