// Answers relays and actions: parses the client's frame, calls the handler and presents its result.
import type { Context } from '#context.ts'
import { ChatError } from '#errors.ts'
import {
  type CursorPageAnswer,
  type Echo,
  type Filters,
  filterNames,
  type One,
  type PageAnswer,
} from '#realtime/handlers.ts'
import type { Router } from '#realtime/router.ts'
import type { Session } from '#realtime/sessions/session.ts'
import { type Thread, ThreadShape } from '#resources/thread.ts'
import type { ClientHeaders } from '#stomp/frames.ts'
import { readCursorRequest, readRelayPageRequest } from '#wire/paging.ts'
import { refusedAction } from '#wire/reading.ts'
import { presentRelayCursorPage, presentRelayPage, presentResource } from '#wire/stompx.ts'

/**
 * Returns the resource that a relay answers with, as JSON text.
 * @throws ChatError 404 if no relay has this destination
 */
export async function answerRelay(
  ctx: Context,
  router: Router,
  session: Session,
  destination: string,
  headers: ClientHeaders,
): Promise<string> {
  const match = router.relay(destination)
  if (!match)
    throw new ChatError('ResourceNotFoundError', `There is nothing to read at ${shown(destination)}`)
  const { target, params, base, query } = match
  if (match.isLegacy) session.isLegacy = true
  const call = {
    ctx,
    caller: session.caller(),
    params,
    filters: filtersOf(headers),
    isLegacy: session.isLegacy,
  }
  if (target.paging === 'page') {
    const place = readRelayPageRequest(query)
    const { shape, contents, page }: PageAnswer = await target.handle(call, place)
    noteMainThreads(session, shape, page.items)
    return presentRelayPage(shape, contents, page, place, base)
  }
  if (target.paging === 'cursor') {
    const { shape, contents, page }: CursorPageAnswer = await target.handle(call, readCursorRequest(query))
    return presentRelayCursorPage(shape, contents, page, base)
  }
  const { shape, entity }: One = await target.handle(call, undefined)
  noteMainThreads(session, shape, [entity])
  return entity === null ? 'null' : presentResource(shape, entity)
}

/** Notes which main threads the client has seen: it expects their events on the topics of the channel. */
function noteMainThreads(session: Session, shape: unknown, entities: unknown[]): void {
  if (shape !== ThreadShape) return
  for (const { type, channelId } of entities as Thread[]) {
    if (type === 'MAIN') session.mainThreads.add(channelId)
  }
}

/**
 * Performs an action, and returns its answer; undefined if only a RECEIPT answers it.
 * @throws ChatError 404 if no action has this destination, ValidationError that names the invalid field
 */
export async function performAction(
  ctx: Context,
  router: Router,
  session: Session,
  message: { destination: string; body: Buffer; receipt: string | undefined },
): Promise<Echo | undefined> {
  const match = router.action(message.destination)
  if (!match) {
    throw new ChatError('ResourceNotFoundError', `There is nothing to do at ${shown(message.destination)}`)
  }
  const { target, params } = match
  const given = target.read(readBody(message.body))
  const parsed = target.body.safeParse(given)
  if (!parsed.success) throw refusedAction(parsed.error, given)
  return target.handle({ ctx, caller: session.caller(message.receipt), params }, parsed.data)
}

function readBody(body: Buffer): unknown {
  if (body.length === 0) return {}
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new ChatError('ValidationError', 'The body must be JSON in UTF-8')
  }
}

/** Clients write every value as text, so empty, `undefined` and `null` are ignored (runtime contract 1.6). */
function filtersOf(headers: ClientHeaders): Filters {
  const filters: Filters = {}
  for (const name of filterNames) {
    const value = headers.get(name)
    if (value !== undefined && !['', 'undefined', 'null'].includes(value)) filters[name] = value
  }
  return filters
}

/** Truncates a client's destination for an error message. */
function shown(destination: string): string {
  return destination.length > 200 ? `${destination.slice(0, 200)}…` : destination
}
