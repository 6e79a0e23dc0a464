// Who calls, and what they may do.
import type { Context } from '#context.ts'
import { type ChannelStanding, findStanding } from '#data/memberships.ts'
import { ChatError, notFound } from '#errors.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { Cause } from '#resources/events.ts'

/** A backend that holds a token of its application. */
export interface ApplicationCaller {
  kind: 'application'
  applicationId: number
  /** Such as `read:*` or `create:message`. */
  scopes: readonly string[]
}

/** A user on one of its devices, through the real-time door. */
export interface UserCaller {
  kind: 'user'
  applicationId: number
  userId: number
  /** The key of its session. */
  session: string
  /** Of the action that it performs: the event that answers it carries it along. */
  receipt?: string
}

export type Caller = ApplicationCaller | UserCaller

/** What an event says of the action behind it; nothing where a backend acted. */
export function causeOf(caller: Caller): Partial<Cause> {
  if (caller.kind === 'application') return {}
  const { userId: by, session, receipt } = caller
  return { by, session, ...(receipt !== undefined && { receipt }) }
}

/** The scopes of a token for which none were asked (contract section a). */
export const defaultScopes = ['create:*', 'read:*', 'update:*', 'delete:*'] as const

/**
 * Lets pass who holds each scope, or the wildcard of its verb (contract section a).
 * @throws ChatError 403 insufficient_scope
 */
export function mustHaveScopes(caller: ApplicationCaller, wanted: readonly string[]): void {
  const lacking = wanted.find((scope) => !holds(caller.scopes, scope))
  if (lacking !== undefined) {
    throw new ChatError('insufficient_scope', `The token lacks the scope ${lacking}`)
  }
}

function holds(scopes: readonly string[], wanted: string): boolean {
  return scopes.includes(wanted) || scopes.includes(`${wanted.split(':')[0]}:*`)
}

/** Backends may change any user, users only themselves. @throws ChatError AccessDeniedError */
export function mustBeOneself(caller: Caller, userId: number): void {
  if (caller.kind === 'application' || caller.userId === userId) return
  throw new ChatError('AccessDeniedError', 'Users may change only themselves')
}

// ------------------------------------------------------------------------------------- what users may hear of

/** Whose a topic is: a user's own, or a channel's, as those of its threads are. */
export type TopicOwner = { userId: number } | { channelId: number }

/** A user, and the channels that it is a member of at the time of what there is to hear. */
export interface Listener {
  userId: number
  memberships: { has(channelId: number): boolean }
}

/**
 * Whether a user may hear what a topic tells (runtime contract 4 and 8.4). Decides about every subscription, and about
 * every event again, whether it is told as it happens or to somebody who was away then.
 */
export function mayHear({ userId, memberships }: Listener, owner: TopicOwner): boolean {
  return 'userId' in owner ? owner.userId === userId : memberships.has(owner.channelId)
}

/** What of an application decides who gets in (runtime contract 1.7). */
export interface EntranceRules {
  guestUsers: boolean
  /** Whether functions are asked. */
  isGuarded: boolean
}

/**
 * Whether who comes, or comes back, is let in: where functions are asked, whom they have vouched for, and else
 * everybody if guests are taken, for nobody has shown who they are.
 */
export function mayEnter({ guestUsers, isGuarded }: EntranceRules, isVouched: boolean): boolean {
  return isGuarded ? isVouched : guestUsers
}

/** Whether who is in may stay: nobody has to go because functions change, but guests where they are not taken any more. */
export function mayStay({ guestUsers }: EntranceRules, isVouched: boolean): boolean {
  return guestUsers || isVouched
}

// ------------------------------------------------------------------------------- what users may do in channels

/**
 * What a user is to a channel that it may see: one that it is a member of, or a public one that it is not blocked in.
 * @throws ChatError 404, also for a channel that the user must not know of (runtime contract 8.1, 8.2)
 */
export async function mustSeeChannel(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await findStanding(ctx.db, channelId, caller.userId)
  if (!channel || !isVisible(channel)) throw notFound('channel', channelId)
  return channel
}

/** Whether a user with this standing may see the channel. */
export function isVisible({ type, standing }: Pick<SeenChannel, 'type' | 'standing'>): boolean {
  return standing === 'member' || (standing === 'outsider' && type === 'PUBLIC')
}

/** @throws ChatError 404 as {@link mustSeeChannel}, AccessDeniedError for who sees it but is no member */
export async function mustBeMember(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await mustSeeChannel(ctx, caller, channelId)
  if (channel.standing === 'member') return channel
  throw new ChatError('AccessDeniedError', `Only members may do this in channel ${channelId}`)
}

/**
 * Whether a member may change the channel itself: the moderators of a group, and of a direct channel, which has none,
 * each member (runtime contract 8.2).
 */
function mayChange({ type, standing, moderator }: ChannelStanding): boolean {
  return standing === 'member' && (moderator || type === 'DIRECT')
}

/** @throws ChatError 404 and AccessDeniedError as {@link mustBeMember}, and for who may not change the channel */
export async function mustBeAbleToChange(
  ctx: Context,
  caller: UserCaller,
  channelId: number,
): Promise<ChannelStanding> {
  const channel = await mustBeMember(ctx, caller, channelId)
  if (mayChange(channel)) return channel
  throw new ChatError('AccessDeniedError', `Only moderators may do this in channel ${channelId}`)
}
