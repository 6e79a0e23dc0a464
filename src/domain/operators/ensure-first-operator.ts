import type { Context } from '#context.ts'
import { findOperatorByName, hasOperators, insertOperator, lockOperators } from '#data/operators/operators.ts'
import { theSystem } from '#domain/access/operator.ts'
import { noteAct } from '#domain/audit/note-act.ts'
import { generatePassword, hashGenerated, hashPassword, isPassword } from '#domain/operators/passwords.ts'
import { keepOperator, readOperator } from '#secrets/kept-credentials.ts'

export interface FirstOperator {
  username: string
  /** Only where it was generated just now. */
  password?: string
  /** Whether the home folder has a password of this name. */
  isKept: boolean
  /** Whether the password of the settings is the one in force; absent where they give none. */
  isGivenPasswordInForce?: boolean
}

const username = 'admin'

/**
 * Sees to it that somebody can sign in: where there is no operator, one is made that owns the installation, with the
 * password of the settings, or else a generated one that is kept in the home folder. Who is there keeps their password,
 * whatever the settings say: it may have been changed.
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
    // Before it is committed: from here on the password is on the disk, however the process ends.
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
