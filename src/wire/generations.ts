// Differences in how clients of older generations are addressed; docs/clients.md lists the generations.
import { satisfies } from 'semver'
import { channelHypermedia } from '#resources/channel.ts'
import type { SeenMessage } from '#resources/message.ts'
import { currentUserHypermedia, type UserTopic } from '#resources/user.ts'

/** Returns the topic on which a client expects the answer to an action instead. */
type AnswerTopic = (entity: unknown, userId: number) => string

export interface Generation {
  /** Range of versions of the npm package `chatkitty`. */
  versions: string
  /** Set if it predates its user agent header and names its user in the query of the handshake. */
  saysUserInQuery?: true
  /** Its names of events, where they differ from today's. */
  events: Readonly<Record<string, string>>
  /** By the topics of the user that it does not subscribe to. */
  answers?: Partial<Record<UserTopic, AnswerTopic>>
}

const ofMe = {
  'user.notification.created': 'me.notification.created',
  'user.channel.created': 'me.channel.created',
  'user.channel.upserted': 'me.channel.upserted',
  'user.channel.joined': 'me.channel.joined',
  'user.channel.updated': 'me.channel.updated',
  'user.channel.hidden': 'me.channel.hidden',
  'user.channel.unhidden': 'me.channel.unhidden',
}
const messageCreated = { 'channel.message.created': 'thread.message.created' }
const messageUpdated = { 'channel.message.updated': 'thread.message.updated' }

/** One row per generation, oldest first. Clients outside these ranges use today's names. */
const generations: Generation[] = [
  {
    versions: '<1.26.0',
    saysUserInQuery: true,
    events: { ...ofMe, ...messageCreated, ...messageUpdated },
    answers: {
      self: (_, id) => currentUserHypermedia.topics.channels.at({ id }),
      messages: (message) => channelHypermedia.topics.messages.at({ id: (message as SeenMessage).channelId }),
    },
  },
  { versions: '>=1.26.0 <1.40.0', events: { ...ofMe, ...messageCreated, ...messageUpdated } },
  { versions: '>=1.40.0 <1.55.0 || >=2.0.0-alpha <2.0.0', events: { ...ofMe, ...messageUpdated } },
  { versions: '>=1.55.0 <1.58.0', events: messageUpdated },
]

/** What a client sends when it connects, in the headers of its first frame or in the query of the handshake. */
export interface Hello {
  apiKey: string
  username: string
  userAgent: string | undefined
  authParams: string | undefined
  /** The session to resume. */
  resume: string | undefined
  /** Undefined for clients of today. */
  generation: Generation | undefined
}

/** Reads the connection parameters of a client (runtime contract 1.2). */
export function readHello(query: URLSearchParams, headers: { get(name: string): string | undefined }): Hello {
  const inQuery = query.get('stompx_user') ?? undefined
  const username = headers.get('StompX-User')
  const userAgent = headers.get('StompX-User-Agent')
  return {
    apiKey: query.get('api-key') ?? query.get('api_key') ?? '',
    username: username ?? inQuery ?? '',
    userAgent,
    authParams: headers.get('StompX-Auth-Params') ?? query.get('stompx_auth_params') ?? undefined,
    resume: headers.get('StompX-Auth-Session-ID'),
    generation: username === undefined && inQuery !== undefined ? oldest : generationOf(userAgent),
  }
}

const oldest = generations.find(({ saysUserInQuery }) => saysUserInQuery)

function generationOf(userAgent: string | undefined): Generation | undefined {
  const version = /^ChatKitty-JS\/(\d[\w.+-]*)$/.exec(userAgent ?? '')?.[1]
  if (version === undefined) return undefined
  return generations.find(({ versions }) => satisfies(version, versions, { includePrerelease: true }))
}
