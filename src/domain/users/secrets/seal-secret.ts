import type { Context } from '#context.ts'
import type { StoredSecret } from '#data/users/user-secrets.ts'
import { about } from '#domain/users/secrets/purpose.ts'

/** @param json the value of the secret */
export function sealSecret(
  { vault }: Context,
  secret: Pick<StoredSecret, 'userId' | 'name'>,
  json: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return vault.seal(json, about(secret))
}
