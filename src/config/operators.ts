// Settings for sign-in to the console.
import { z } from 'zod'
import { isBase, optional, toggle, unlessBlank } from '#config/values.ts'

export const operatorSettings = {
  CHATTERIE_ADMIN_PASSWORD: optional(
    z.string().min(8, 'must have at least 8 characters').max(1_024, 'must have at most 1024 characters'),
  ),
  OIDC_ISSUER: optional(
    z
      .url({ protocol: /^https?$/, error: 'must be the https:// URL of a provider of OpenID Connect' })
      .refine(isBase, 'must be a URL that ends with its path, and has no user name in it'),
  ),
  OIDC_CLIENT_ID: optional(z.string()),
  OIDC_CLIENT_SECRET: optional(z.string()),
  OIDC_ROLE_CLAIM: unlessBlank(z.string().default('chatterie_role')),
  OIDC_ALLOWED: unlessBlank(
    z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((each) => each.trim().toLowerCase())
          .filter((each) => each !== ''),
      )
      .refine((all) => all.length > 0, 'has nobody in it: an empty list would let everyone in')
      .refine(
        (all) => all.every((each) => /^([^@\s*]+@)?[^@\s*]+\.[^@\s*]+$/.test(each)),
        'must be addresses such as ada@example.com, or domains such as example.com, with commas between them',
      )
      .default([]),
  ),
  OIDC_ONLY: toggle('off'),
}

/** An OpenID Connect provider that operators may sign in with. */
interface OidcSettings {
  issuer: string
  clientId: string
  clientSecret: string
  /** The claim that contains the operator's role. */
  roleClaim: string
  /** E-mail addresses and domains that may sign in, in lower case; if empty, anyone whom the provider knows. */
  allowed: string[]
}

export interface OperatorConfig {
  /** Password of the first operator, `admin`. */
  adminPassword?: string
  oidc?: OidcSettings
  /** Whether operators can sign in with a password. */
  passwords: boolean
}

type Settings = z.output<z.ZodObject<typeof operatorSettings>>

/** @throws Error that names the missing setting, as the settings of a provider must be set together */
export function operatorConfigOf(settings: Settings): OperatorConfig {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = settings
  const needed = { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret }
  const wanted =
    settings.OIDC_ONLY ||
    settings.OIDC_ALLOWED.length > 0 ||
    Object.values(needed).some((value) => value !== undefined)
  const [missing] = Object.entries(needed).find(([, value]) => value === undefined) ?? []
  if (wanted && missing) throw new Error(`${missing} is missing: the settings of a provider come together`)
  return {
    ...(settings.CHATTERIE_ADMIN_PASSWORD && { adminPassword: settings.CHATTERIE_ADMIN_PASSWORD }),
    ...(issuer &&
      clientId &&
      clientSecret && {
        oidc: {
          issuer: issuer.replace(/\/+$/, ''),
          clientId,
          clientSecret,
          roleClaim: settings.OIDC_ROLE_CLAIM,
          allowed: settings.OIDC_ALLOWED,
        },
      }),
    passwords: !settings.OIDC_ONLY,
  }
}
