import type { Context } from '#context.ts'
import { findOperatorByName, hasOperators, insertOperator, lockOperators } from '#data/operators/operators.ts'
import { theSystem } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { generatePassword, hashGenerated, hashPassword, isPassword } from '#domain/operators/passwords.ts'
import { keepOperator, readOperator } from '#secrets/kept-credentials.ts'

export interface FirstOperator {
  username: string
  /** Present only if it has just been generated. */
  password?: string
  /** Whether the home folder has a password for this name. */
  isKept: boolean
  /** Whether the password from the settings is in force; absent if the settings give none. */
  isGivenPasswordInForce?: boolean
}

const username = 'admin'

/**
 * Ensures that somebody can sign in: if there is no operator, creates an owner, with the password from the settings, or
 * a generated one that is kept in the home folder. An existing operator keeps their password, whatever the settings
 * say, because it may have been changed.
 */
export async function ensureFirstOperator(ctx: Context): Promise<FirstOperator> {
  const { adminPassword: given, home } = ctx.config
  const made = await ctx.db.transact(async (tx): Promise<Omit<FirstOperator, 'isKept'> | undefined> => {
    await lockOperators(tx)
    if (await hasOperators(tx)) return undefined
    const password = given ?? generatePassword()
    const passwordHash = given ? await hashPassword(password) : await hashGenerated(password)
    const { id } = await insertOperator(tx, { username, passwordHash, role: 'owner', applicationIds: [] })
    await noteAct(tx, theSystem, {
      action: 'operator.created',
      target: { type: 'operator', id },
      details: { username, role: 'owner' },
    })
    // Before the commit, so that the password is on disk even if the process crashes.
    if (!given) await keepOperator(home, { username, password })
    return { username, ...(given ? { isGivenPasswordInForce: true } : { password }) }
  })
  const isKept = (await readOperator(home))?.username === username
  if (made) return { ...made, isKept: isKept && !given }
  const first = { username, isKept }
  if (!given) return first
  const isGivenPasswordInForce = await isInForce(ctx, given)
  if (!isGivenPasswordInForce) {
    ctx.log.warn(
      { username },
      'CHATTERIE_ADMIN_PASSWORD is not in force: this operator has another password; `chatterie operators set-password admin --from-environment` puts it in force',
    )
  }
  return { ...first, isGivenPasswordInForce }
}

async function isInForce(ctx: Context, password: string): Promise<boolean> {
  const found = await findOperatorByName(ctx.db, username)
  return found !== undefined && isPassword(password, found.passwordHash)
}
