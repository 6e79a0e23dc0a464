import type { Context } from '#context.ts'
import { putOutsideOperator } from '#data/operators/operators.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { callerOfOperator } from '#domain/operators/caller-of.ts'
import { type OpenedSession, openOperatorSession } from '#domain/operators/open-operator-session.ts'
import { ChatError, isConstraintError } from '#errors.ts'
import { Role, roles } from '#resources/admin/role.ts'

/** What an OpenID Connect provider claims about somebody; unverified. */
export interface Claims {
  sub?: unknown
  email?: unknown
  email_verified?: unknown
  [claim: string]: unknown
}

/**
 * Opens a session for somebody whom the provider has authenticated. Makes them an operator if needed, with the role
 * that the provider gives now, or viewer if none; existing limits to applications stay.
 * @throws ChatError access_denied if the address is not verified, not allowed, or another operator's name
 */
export async function signInOutside(
  ctx: Context,
  { issuer, claims }: { issuer: string; claims: Claims },
  address: string,
): Promise<OpenedSession> {
  const { roleClaim, allowed } = mustHaveProvider(ctx)
  const { sub: subject, email, email_verified: isVerified } = claims
  if (typeof subject !== 'string' || subject === '') throw denied('The provider does not say who you are')
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email)) {
    throw denied('The provider does not tell your address')
  }
  if (isVerified !== true) throw denied('Your address is not verified by the provider')
  const username = email.toLowerCase()
  const domain = username.slice(username.lastIndexOf('@') + 1)
  if (allowed.length > 0 && !allowed.includes(username) && !allowed.includes(domain)) {
    throw denied('Your address is not among those that may sign in')
  }
  const role = roleOf(claims[roleClaim])
  const operator = await ctx.db
    .transact(async (tx) => {
      const operator = await putOutsideOperator(tx, { issuer, subject, username, role })
      if (operator.lastSignInTime === undefined) {
        await noteAct(tx, callerOfOperator(operator, address), {
          action: 'operator.created',
          target: { type: 'operator', id: operator.id },
          details: { username, role, issuer },
        })
      }
      return operator
    })
    .catch((error) => {
      if (!isConstraintError(error, 'unique')) throw error
      throw denied('Another operator has your address as their name')
    })
  return openOperatorSession(ctx, operator, address)
}

function mustHaveProvider({ config }: Context): NonNullable<Context['config']['oidc']> {
  if (!config.oidc) throw denied('Single sign-on is off')
  return config.oidc
}

/** Returns the highest role that the claim names; viewer if it names none. */
function roleOf(claim: unknown): Role {
  const named = [claim].flat().flatMap((each) => Role.safeParse(each).data ?? [])
  return roles.findLast((role) => named.includes(role)) ?? 'viewer'
}

function denied(message: string): ChatError {
  return new ChatError('access_denied', message)
}
