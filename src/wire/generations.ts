// How clients of older generations are spoken to, each in the words of its time; docs/clients.md says which there are.
import { satisfies } from 'semver'
import { channelHypermedia } from '#resources/channel.ts'
import type { SeenMessage } from '#resources/message.ts'
import { currentUserHypermedia, type UserTopic } from '#resources/user.ts'

/** Where a client waits for the answer to an action instead, from what it answers and the user's id. */
type AnswerTopic = (entity: unknown, userId: number) => string

export interface Generation {
  /** The versions of the npm package `chatkitty`. */
  versions: string
  /** Older than its user agent: names its user in the query of the handshake. */
  saysUserInQuery?: true
  /** What it calls events, where that is not their name of today. */
  events: Readonly<Record<string, string>>
  /** For those topics of the user which it does not subscribe to. */
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

/** One row a generation, oldest first. Clients that are in none speak as of today. */
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

/** What a client says when it connects, in the headers of its first frame or in the query of the handshake. */
export interface Hello {
  apiKey: string
  username: string
  userAgent: string | undefined
  authParams: string | undefined
  /** The session that it had. */
  resume: string | undefined
  /** None for clients of today. */
  generation: Generation | undefined
}

/** Reads what a client says of itself (runtime contract 1.2). */
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
