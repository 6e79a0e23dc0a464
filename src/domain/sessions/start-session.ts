import { validate as isUuid, v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import type { ConnectRules } from '#data/applications/connect-rules.ts'
import type { Arrived, ConnectClaims, Resumable } from '#data/users/arrivals.ts'
import type { SessionRow } from '#data/users/connections.ts'
import { findUserByName } from '#data/users/users.ts'
import { mayConnect } from '#domain/access/user.ts'
import { mustBeAdmitted } from '#domain/functions/runs/must-be-admitted.ts'
import type { Arrival } from '#domain/sessions/arrivals.ts'
import { bannedError } from '#domain/users/bans/banned-error.ts'
import { reasonForEnd } from '#domain/users/bans/reason-for-end.ts'
import { createGuest } from '#domain/users/create-guest.ts'
import { askWebhooks } from '#domain/webhooks/ask-webhooks.ts'
import { ChatError } from '#errors.ts'
import { RequiredText } from '#resources/define.ts'
import { nameMax, type User } from '#resources/user.ts'

/** What a client sends when it connects (runtime contract 1.2). */
export interface StartSession {
  apiKey: string
  username: string
  userAgent?: string | undefined
  /** For the functions or webhooks that decide about the user. */
  authParams: Record<string, unknown>
  /** The key of the client's session before the connection was lost. */
  resume?: string | undefined
  /**
   * Makes the connection that had the session release it; called once the session is known to be the user's own.
   * @returns whether there may have been one, so that newer acknowledged positions may have been saved
   */
  release?: ((key: string, node: number) => Promise<boolean>) | undefined
}

export interface StartedSession extends Omit<SessionRow, 'node'> {
  applicationId: number
  isResumed: boolean
}

const Username = RequiredText(nameMax)

/** What JavaScript clients send for a missing username. */
const noUsernames = new Set(['undefined', 'null'])

function isUsername(text: string): boolean {
  return Username.safeParse(text).success && !noUsernames.has(text)
}

/**
 * Starts or resumes a user's session; the first session of a user brings them online. The application's functions, or
 * else its webhooks, decide who may connect; for resumed sessions they have already done so. Guests are created if the
 * application accepts them (runtime contract 1.7). Concurrent connects share round trips.
 * @throws ChatError AccessDeniedError, after which clients do not try again
 */
export async function startSession(ctx: Context, input: StartSession): Promise<StartedSession> {
  const claims = toClaims(input)
  const { application, ban, user: known, resumable } = await ctx.arrivals.find(claims)
  if (!application) throw unknownKey()
  if (!isUsername(input.username)) throw denied('The username is missing or cannot be one')
  if (ban) throw bannedError(ban, 'user')
  const resumed = await resume(ctx, application, input, claims, mustBeResumable(resumable))
  if (resumed) return resumed

  const applicationId = application.id
  const { username } = input
  const isVouched = await checkAdmission(ctx, application, input)
  const user =
    // While functions were called, the user may have been created or renamed.
    (application.isGuarded ? await findUserByName(ctx.db, applicationId, username) : known) ??
    (application.guestUsers ? await createGuest(ctx, applicationId, username) : undefined)
  if (!user) throw denied(`There is no user ${username}`)
  const userAgent = input.userAgent?.slice(0, nameMax)
  const begins = { applicationId, userId: user.id, key: uuid(), userAgent, isVouched }
  const { id, key, ackedPosition, cameOnline } = await completeArrival(ctx, {
    applicationId,
    userId: user.id,
    begins,
  })
  return {
    id,
    key,
    ackedPosition,
    topics: {},
    isVouched,
    user: arrivedUser(user, cameOnline),
    applicationId,
    isResumed: false,
  }
}

/** @throws ChatError AccessDeniedError if the API key is not a UUID */
function toClaims({ apiKey, username, resume }: StartSession): ConnectClaims {
  if (!isUuid(apiKey)) throw unknownKey()
  return {
    apiKey,
    username: isUsername(username) ? username : '',
    ...(resume !== undefined && isUuid(resume) && { resume }),
  }
}

/**
 * Returns undefined if the server does not know the session: the client has then missed nothing that was promised to
 * it. The rules for new sessions apply, but functions and webhooks that admitted the user are not asked again.
 */
async function resume(
  ctx: Context,
  application: ConnectRules,
  input: StartSession,
  claims: ConnectClaims,
  found: SessionRow | undefined,
): Promise<StartedSession | undefined> {
  if (!found) return undefined
  const isVouched = await checkAdmission(ctx, application, input, found.isVouched)
  const hasMoved = await input.release?.(found.key, found.node)
  // By now, the positions that the old connection reached are saved.
  const isOutdated = hasMoved || application.isGuarded
  const session = isOutdated ? mustBeResumable((await ctx.arrivals.find(claims)).resumable) : found
  if (!session) return undefined
  const { id, key, user } = session
  const applicationId = application.id
  const goesOn = { id, key, isVouched }
  const { cameOnline } = await completeArrival(ctx, { applicationId, userId: user.id, goesOn })
  return { ...session, isVouched, user: arrivedUser(user, cameOnline), applicationId, isResumed: true }
}

/** @throws ChatError AccessDeniedError if the user was banned or deleted meanwhile */
async function completeArrival(ctx: Context, arrival: Arrival): Promise<Arrived> {
  const traceparent = ctx.tracing?.current
  const arrived = await ctx.arrivals.arrive({ ...arrival, ...(traceparent !== undefined && { traceparent }) })
  if (!arrived) throw await reasonForEnd(ctx, arrival.userId)
  return arrived
}

/** @throws ChatError AccessDeniedError if the session has ended for good */
function mustBeResumable(found: Resumable | undefined): SessionRow | undefined {
  if (found === 'user deleted') throw denied('The user was deleted')
  if (found === 'too late') {
    throw denied('The session was disconnected for too long to receive what it missed: start a new one')
  }
  return found
}

/** @param wasVouched whether functions or webhooks have admitted the user before @returns whether they have now */
async function checkAdmission(
  ctx: Context,
  application: ConnectRules,
  { username, authParams }: StartSession,
  wasVouched = false,
): Promise<boolean> {
  const isVouched = wasVouched || (application.isGuarded && (await isAdmitted()))
  if (!mayConnect(application, isVouched)) throw denied('This application does not allow guests')
  return isVouched

  /** Webhooks decide if there is no function that does. */
  async function isAdmitted(): Promise<boolean> {
    const attempt = { username, authParams }
    const { id } = application
    return (await mustBeAdmitted(ctx, id, attempt)) || (await askWebhooks(ctx, id, attempt))
  }
}

/** Returns the user as connected: if found offline, they came online by this session, or another one meanwhile. */
function arrivedUser(user: User, cameOnline: boolean): User {
  const { status, online } = user.presence
  if (online && !cameOnline) return user
  return { ...user, presence: { status: status === 'UNAVAILABLE' ? 'AVAILABLE' : status, online: true } }
}

function unknownKey(): ChatError {
  return denied('There is no application with this API key')
}

function denied(message: string): ChatError {
  return new ChatError('AccessDeniedError', message)
}
