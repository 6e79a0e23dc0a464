import type { Context } from '#context.ts'
import { type ConnectRules, findConnectRules } from '#data/applications/connect-rules.ts'

/** Returns how these applications let users in, without those that are deleted or being deleted. */
export function connectRulesOf(ctx: Context, ids: number[]): Promise<Map<number, ConnectRules>> {
  return findConnectRules(ctx.db, ids)
}
