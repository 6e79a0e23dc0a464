import { validate as isUuid, v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { findApplicationByKey } from '#data/applications/entrances.ts'
import { lastPosition } from '#data/events/outbox.ts'
import { findBanByName } from '#data/users/bans.ts'
import { findResumable, insertSession, resumeSessionRow, type SessionRow } from '#data/users/connections.ts'
import { findUserByName } from '#data/users/users.ts'
import { mayEnter } from '#domain/access/user.ts'
import { mustBeAdmitted } from '#domain/functions/runs/must-be-admitted.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { whyOut } from '#domain/users/bans/why-out.ts'
import { createGuest } from '#domain/users/create-guest.ts'
import { askWebhooks } from '#domain/webhooks/ask-webhooks.ts'
import { ChatError } from '#errors.ts'
import { RequiredText } from '#resources/define.ts'
import { nameMax, type User } from '#resources/user.ts'

/** What a client says when it connects (runtime contract 1.2). */
export interface StartSession {
  apiKey: string
  username: string
  userAgent?: string | undefined
  /** For the functions or webhooks that decide about it. */
  authParams: Record<string, unknown>
  /** The key of the session that the client had before it lost its connection. */
  resume?: string | undefined
  /** Has the connection that the session had let go of it; asked once the session is known to be the user's own. */
  release?: ((key: string, node: number) => Promise<void>) | undefined
}

export interface StartedSession extends Omit<SessionRow, 'node'> {
  applicationId: number
  isResumed: boolean
}

type Application = NonNullable<Awaited<ReturnType<typeof findApplicationByKey>>>

const Username = RequiredText(nameMax)

/** What clients in JavaScript write for a user that they have not. */
const noUsernames = new Set(['undefined', 'null'])

function isUsername(text: string): boolean {
  return Username.safeParse(text).success && !noUsernames.has(text)
}

/**
 * Lets a user in, or back in: the first session of a user brings it online. The application's functions, or else its
 * webhooks, decide who gets in; who comes back has got in before. Guests are made where the application takes them (runtime contract 1.7).
 * @throws ChatError AccessDeniedError, after which clients do not try again
 */
export async function startSession(ctx: Context, input: StartSession): Promise<StartedSession> {
  const application = await findApplicationByKey(ctx.db, input.apiKey)
  if (!application) throw denied('There is no application with this API key')
  if (!isUsername(input.username)) throw denied('The username is missing or cannot be one')
  const applicationId = application.id
  const ban = await findBanByName(ctx.db, applicationId, input.username)
  if (ban) throw bannedError(ban, 'user')
  const resumed = await resume(ctx, application, input)
  if (resumed) return resumed

  const { username } = input
  const isVouched = await mustEnter(ctx, application, input)
  const position = await lastPosition(ctx.db)
  const user =
    (await findUserByName(ctx.db, applicationId, username)) ??
    (application.guestUsers ? await createGuest(ctx, applicationId, username) : undefined)
  if (!user) throw denied(`There is no user ${username}`)
  const key = uuid()
  const inserted = await ctx.db.transact(async (tx) => {
    const { userAgent } = input
    const inserted = await insertSession(tx, {
      applicationId,
      userId: user.id,
      key,
      userAgent: userAgent?.slice(0, nameMax),
      node: ctx.node.id,
      position,
      isVouched,
    })
    if (!inserted) return undefined
    const payload = { userId: user.id, sessionId: inserted.id }
    await tx.emit(...(inserted.isFirst ? [cameOnline(applicationId, user)] : []), {
      type: 'user.session.started',
      applicationId,
      payload,
    })
    return inserted
  })
  if (!inserted) throw await whyOut(ctx, user.id)
  const { id, isFirst } = inserted
  return {
    id,
    key,
    ackedPosition: position,
    topics: {},
    isVouched,
    user: isFirst ? online(user) : user,
    applicationId,
    isResumed: false,
  }
}

/**
 * Undefined where the server knows nothing of the session: the client has missed nothing that was promised to it. Who
 * may get in is decided as for a new session, but functions and webhooks that have let the user in are not asked again.
 */
async function resume(
  ctx: Context,
  application: Application,
  input: StartSession,
): Promise<StartedSession | undefined> {
  const { resume: key, username, release } = input
  if (key === undefined || !isUuid(key)) return undefined
  const applicationId = application.id
  const wanted = { applicationId, key, username }
  const found = mustGoOn(await findResumable(ctx.db, wanted))
  if (!found) return undefined
  const isVouched = await mustEnter(ctx, application, input, found.isVouched)
  await release?.(key, found.node)
  const session = mustGoOn(await findResumable(ctx.db, wanted)) // it is kept how far the connection came
  if (!session) return undefined
  const { id, user } = session
  const isFirst = await ctx.db.transact(async (tx) => {
    const first = await resumeSessionRow(tx, { id, userId: user.id, node: ctx.node.id, isVouched })
    if (first) await tx.emit(cameOnline(applicationId, user))
    return first
  })
  if (isFirst === undefined) throw await whyOut(ctx, user.id)
  return { ...session, isVouched, user: isFirst ? online(user) : user, applicationId, isResumed: true }
}

/** @throws ChatError AccessDeniedError for a session that has ended for good */
function mustGoOn(found: Awaited<ReturnType<typeof findResumable>>): SessionRow | undefined {
  if (found === 'user deleted') throw denied('The user was deleted')
  if (found === 'too late') {
    throw denied('The session was away for too long to be told what it missed: start a new one')
  }
  return found
}

/**
 * @param wasVouched whether functions or webhooks have let the user in before
 * @returns whether they have now
 */
async function mustEnter(
  ctx: Context,
  application: Application,
  { username, authParams }: StartSession,
  wasVouched = false,
): Promise<boolean> {
  const isVouched = wasVouched || (application.isGuarded && (await isAdmitted()))
  if (!mayEnter(application, isVouched)) throw denied('This application lets no guests in')
  return isVouched

  /** Webhooks decide where no function does. */
  async function isAdmitted(): Promise<boolean> {
    const attempt = { username, authParams }
    const { id } = application
    return (await mustBeAdmitted(ctx, id, attempt)) || (await askWebhooks(ctx, id, attempt))
  }
}

function cameOnline(applicationId: number, { id }: User) {
  return { type: 'user.presence.changed' as const, applicationId, payload: { userId: id, online: true } }
}

function online(user: User): User {
  const { status } = user.presence
  return { ...user, presence: { status: status === 'UNAVAILABLE' ? 'AVAILABLE' : status, online: true } }
}

function denied(message: string): ChatError {
  return new ChatError('AccessDeniedError', message)
}
