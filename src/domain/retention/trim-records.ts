import type { Context } from '#context.ts'
import { type Kept, trim } from '#data/jobs/retention.ts'

/** In this order, because dependent records must be deleted first. */
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
 * Deletes one batch of each kind of record that is too old by the settings: notifications, ended sessions, ended jobs
 * with their files, keys of imports, expired tokens and sign-ins, and the audit. Whatever is in progress stays.
 * @returns whether there may be more
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
