// Secrets are named values that a backend keeps with a user.
import type { StoredSecret } from '#data/users/user-secrets.ts'

/** What a secret is sealed for: it opens for nothing else. */
export const about = ({ userId, name }: Pick<StoredSecret, 'userId' | 'name'>) =>
  `the secret ${name} of user ${userId}`
