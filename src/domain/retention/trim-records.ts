import type { Context } from '#context.ts'
import { type Kept, trim } from '#data/jobs/retention.ts'

/** In this order: what belongs to another goes before it. */
const order = [
  'notifications',
  'chatSessions',
  'userSessions',
  'jobs',
  'idempotencyKeys',
  'tokens',
  'operatorSessions',
  'audit',
] as const

/**
 * Forgets one batch of each kind of record that is older than the settings say: notifications, sessions that ended, jobs
 * that ended with the files they wrote, keys of imports, tokens and sign-ins that expired, and the audit. Whatever is under way stays.
 * @returns whether more may wait
 */
export async function trimRecords(ctx: Context): Promise<boolean> {
  const { notifications, sessions, jobs, idempotencyKeys, audit } = ctx.config.keptDays
  const days: Record<Kept, number | undefined> = {
    notifications,
    chatSessions: sessions,
    userSessions: sessions,
    jobs,
    idempotencyKeys,
    tokens: 0,
    operatorSessions: 0,
    audit,
  }
  let more = false
  for (const kept of order) {
    const age = days[kept]
    if (age !== undefined && (await trim(ctx.db, kept, age)) > 0) more = true
  }
  return more
}
