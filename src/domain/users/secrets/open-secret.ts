import type { Context } from '#context.ts'
import type { StoredSecret } from '#data/users/user-secrets.ts'
import { about } from '#domain/users/secrets/purpose.ts'

/** @returns JSON @throws Error if the secret's key is not available */
export async function openSecret({ vault }: Context, secret: StoredSecret): Promise<string> {
  return secret.plain ?? vault.open(secret.sealed ?? new Uint8Array(), about(secret))
}
