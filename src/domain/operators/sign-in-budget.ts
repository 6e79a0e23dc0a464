import type { Context } from '#context.ts'
import { giveBackAttempt, takeAttempt } from '#data/operators/sign-in-attempts.ts'

/** Wrong passwords, counted by the database, so that several processes allow no more of them than one. */
export function signInBudget({ db, log }: Pick<Context, 'db' | 'log'>) {
  return (kind: string, limit: { max: number; windowMs: number }) => ({
    take: (key: string) => takeAttempt(db, `${kind} ${key}`, limit),
    /** What cannot be given back now is, when the window is over. */
    giveBack: (key: string) =>
      giveBackAttempt(db, `${kind} ${key}`).catch((error) =>
        log.warn({ err: error }, 'an attempt to sign in stays counted'),
      ),
  })
}
