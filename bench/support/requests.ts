// The requests of each scenario.
import { request } from './load.ts'
import { frequentWord, rareWord, type World } from './seed.ts'

export interface Scenario {
  name: string
  /** Prepared bytes, from which the load picks at random. */
  requests: (world: World, token: string) => Buffer[]
  /** Whether the requests cause events. */
  writes?: true
}

export const scenarios = {
  messages: {
    name: '(2) newest 25 messages of a channel',
    requests: ({ filled }, token) => filled.map((id) => request('GET', `/v1/channels/${id}/messages`, token)),
  },
  deep: {
    name: '(2) 25 messages at random depth of the largest channel',
    requests: ({ hot, hotFrom, hotThrough }, token) =>
      numbers(2_000).map(() => {
        const cursor = hotFrom + Math.floor(Math.random() * (hotThrough - hotFrom))
        return request('GET', `/v1/channels/${hot}/messages?next=${cursor}&relation=NEXT`, token)
      }),
  },
  newest: {
    name: '(2) newest 25 messages of the largest channel',
    requests: ({ hot }, token) => [request('GET', `/v1/channels/${hot}/messages`, token)],
  },
  rare: {
    name: '(6) search a channel for what 40 messages say',
    requests: ({ hot }, token) => [request('GET', `/v1/channels/${hot}/messages?query=${rareWord}`, token)],
  },
  frequent: {
    name: '(6) search a channel for what many say',
    requests: ({ hot }, token) => [
      request('GET', `/v1/channels/${hot}/messages?query=${frequentWord}`, token),
    ],
  },
  unreadOfFew: {
    name: '(7) unread count of who has yet to read 10',
    requests: ({ users }, token) =>
      users.slice(0, -1).map((id) => request('GET', `/v1/users/${id}/messages/unread/count`, token)),
  },
  unreadOfAll: {
    name: '(7) unread count of who has read nothing',
    requests: ({ users }, token) => [
      request('GET', `/v1/users/${users.at(-1)}/messages/unread/count`, token),
    ],
  },
  members: {
    name: '(8) members of the largest channel, with how many there are, page 40',
    requests: ({ hot }, token) => [request('GET', `/v1/channels/${hot}/members?page=39`, token)],
  },
  channels: {
    name: '(3) list 25 channels',
    requests: (_world, token) => [request('GET', '/v1/channels', token)],
  },
  user: {
    name: '(4) one user by id',
    requests: ({ users }, token) => users.map((id) => request('GET', `/v1/users/${id}`, token)),
  },
  channel: {
    name: '(5) one channel by id',
    requests: ({ filled }, token) => filled.map((id) => request('GET', `/v1/channels/${id}`, token)),
  },
  send: {
    name: '(1) send over 1,000 channels',
    requests: ({ channels, usernames }, token) => channels.map((id, at) => send(id, usernames, at, token)),
    writes: true,
  },
  hot: {
    name: '(1b) send into one hot channel',
    requests: ({ hot, usernames }, token) => numbers(1_000).map((at) => send(hot, usernames, at, token)),
    writes: true,
  },
} as const satisfies Record<string, Scenario>

function send(channelId: number, usernames: string[], at: number, token: string): Buffer {
  return sendRequest(token, channelId, at, usernames[at % usernames.length] ?? '')
}

/** Returns the request that sends a message on behalf of a user. */
export function sendRequest(token: string, channelId: number, nth: number, username: string): Buffer {
  return request('POST', `/v1/channels/${channelId}/messages`, token, {
    ...messageOf(nth),
    user: { username },
  })
}

/** Returns the message that is sent, through either API. */
export function messageOf(nth: number) {
  return {
    type: 'TEXT',
    body: 'The train leaves at seven, I will bring coffee and bread for all of us if the rain stops before noon',
    properties: { client: 'bench', nth },
  }
}

const numbers = (length: number) => Array.from({ length }, (_, at) => at)

/** Returns a function that picks one at random. */
export function anyOf(requests: Buffer[]): () => Buffer {
  return () => requests[Math.floor(Math.random() * requests.length)] as Buffer // never empty
}
