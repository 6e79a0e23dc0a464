// Limits the requests of one application to this process per second.
import type { FastifyReply, onRequestHookHandler } from 'fastify'
import plugin from 'fastify-plugin'
import { rateLimited } from '#errors.ts'
import { Budget } from '#plugins/budget.ts'
import { networkOf } from '#wire/origin.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** For `onRequest`, after the plugin auth or grants. */
    limitApplication: onRequestHookHandler
    /** For `onRequest`, after the plugin grants: users' uploads do not count against their application. */
    limitUploads: onRequestHookHandler
  }
}

/** A `perSecond` of 0 disables the limits. */
export const rateLimit = plugin<{ perSecond: number }>(
  async (app, { perSecond }) => {
    const isFree = perSecond === 0
    app.decorate('limitApplication', isFree ? (_request, _reply, done) => done() : limit(perSecond))
    app.decorate('limitUploads', isFree ? (_request, _reply, done) => done() : limitUploads())
  },
  { name: 'rate-limit' },
)

/** Uploads per user, and per network for all its users, in a window: new guests cost an attacker nothing. */
const uploadsWindowMs = 10_000
const uploadsMax = { user: 30, network: 300 }

function limitUploads(): onRequestHookHandler {
  const ofUser = new Budget({ max: uploadsMax.user, windowMs: uploadsWindowMs })
  const ofNetwork = new Budget({ max: uploadsMax.network, windowMs: uploadsWindowMs })
  return ({ uploader, ip }, reply, done) => {
    const waitMs = ofUser.take(String(uploader.userId)) || ofNetwork.take(networkOf(ip))
    if (waitMs === 0) return done()
    reply.header('retry-after', Math.ceil(waitMs / 1_000))
    done(rateLimited('There were too many uploads, try again later', waitMs))
  }
}

const windowMs = 1000

/**
 * Counts requests by application, from zero in every second. It runs in every request: the hook of @fastify/rate-limit,
 * asynchronous throughout, took 4 to 6 µs of the 120 µs of a cheap one; this takes under 3, mostly for the three
 * headers.
 */
function limit(max: number): onRequestHookHandler {
  const counts = new Map<number, number>()
  let beganAt = performance.now()
  return ({ caller }, reply, done) => {
    const { applicationId } = caller
    const now = performance.now()
    if (now - beganAt >= windowMs) {
      beganAt = now
      counts.clear()
    }
    const count = (counts.get(applicationId) ?? 0) + 1
    counts.set(applicationId, count)
    setRateLimitHeaders(reply, max, Math.max(0, max - count), 1)
    if (count <= max) return done()
    reply.header('retry-after', 1)
    const coolOffMs = Math.ceil(beganAt + windowMs - now)
    done(rateLimited(`The application may make ${max} requests in a second`, coolOffMs))
  }
}

/** Sets the headers with the limit, what remains of it, and the seconds until it is reset. */
export function setRateLimitHeaders(
  reply: FastifyReply,
  max: number,
  remaining: number,
  resetSeconds: number,
): FastifyReply {
  return reply
    .header('x-ratelimit-limit', max)
    .header('x-ratelimit-remaining', remaining)
    .header('x-ratelimit-reset', resetSeconds)
}
