import type { Context } from '#context.ts'
import { giveBackAttempt, takeAttempt } from '#data/operators/sign-in-attempts.ts'

/** Returns budgets for wrong passwords, counted in the database, so that all processes share one limit. */
export function signInBudget({ db, log }: Pick<Context, 'db' | 'log'>) {
  return (kind: string, limit: { max: number; windowMs: number }) => ({
    take: (key: string) => takeAttempt(db, `${kind} ${key}`, limit),
    /** If this fails, the attempt counts until its window ends. */
    giveBack: (key: string) =>
      giveBackAttempt(db, `${kind} ${key}`).catch((error) =>
        log.warn({ err: error }, 'a successful sign-in is still counted as a failed one'),
      ),
  })
}
