// A preview of the chat for the console, which sets its appearance: two people in a channel, without a server.

import { applyStyles } from './apply-styles.ts'
import { Chat } from './chat.ts'
import type { Elements } from './elements.ts'
import type { Channel, Features, Message, Styles, User } from './resources.ts'
import { StompX } from './stompx.ts'
import { draw } from './view.ts'

interface Look {
  features: Features
  styles: Styles
  elements: Elements
}

const linked = { _relays: {}, _topics: {}, _actions: {}, _streams: {} }
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

const picture = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="#8b7fe8"/></svg>')}`
const userOf = (id: number, displayName: string): User => ({
  ...linked,
  id,
  name: displayName.toLowerCase(),
  displayName,
  displayPictureUrl: picture,
  presence: { status: 'AVAILABLE', online: true },
})
const me: User = { ...userOf(1, 'You'), _relays: { channels: 'channels', unreadChannels: 'unread' } }
const jane = userOf(2, 'Jane')
const actions = { react: 'react', removeReaction: 'react', delete: 'delete', reply: 'message' }
const thumb = { character: '👍', aliases: ['+1'] }
const url = 'https://example.com/timetable'

const messages: Message[] = [
  { body: 'Good morning! Is the ferry on time?', user: me, minutes: 9 },
  {
    body: `Ten minutes late, see ${url}`,
    user: jane,
    minutes: 7,
    links: [
      {
        source: url,
        startPosition: 22,
        endPosition: 22 + url.length,
        preview: { url, title: 'Timetable', description: 'All ferries of today' },
      },
    ],
    reactions: [{ emoji: thumb, users: [me], count: 1 }],
  },
  { body: 'Jane has joined', minutes: 6 },
  { body: 'Thank you @Jane!', user: me, minutes: 2, mentions: [mention(jane, 10)] },
].map(({ minutes, ...message }, index) => ({
  ...linked,
  _actions: actions,
  id: index + 1,
  channelId: 1,
  nestedLevel: 0,
  createdTime: minutesAgo(minutes),
  ...message,
}))

function mention(user: User, at: number) {
  return { tag: user.name, startPosition: at, endPosition: at + user.displayName.length + 1, user }
}

const channels: Channel[] = [
  {
    ...linked,
    id: 1,
    type: 'PUBLIC',
    name: 'harbour',
    displayName: 'Harbour',
    createdTime: minutesAgo(60),
    lastReceivedMessage: messages.at(-1) as Message, // there are some
    _relays: { messages: 'messages' },
    _actions: { message: 'message' },
  },
  { ...linked, id: 2, type: 'DIRECT', name: 'jane', members: [me, jane], createdTime: minutesAgo(90) },
]

const answers: Record<string, (body: { body?: string }) => object> = {
  channels: () => ({ _embedded: { channels }, _relays: {} }),
  unread: () => ({ _embedded: { channels: channels.slice(1) }, _relays: {} }),
  messages: () => ({ _embedded: { messages }, _relays: {} }),
  message: ({ body = '' }) => ({ ...messages[0], id: Date.now(), body, createdTime: minutesAgo(0) }),
  react: () => ({}),
  delete: () => ({}),
}

interface Asked {
  id?: string
  type: string
  payload?: { destination?: string; body?: { body?: string } }
}

/** Returns the answer of a simulated connection; undefined if there is none. */
function answerTo({ type, payload }: Asked): { type: string; payload?: object } | undefined {
  if (type === 'stompx:connect') {
    const grant = { grant: '' }
    return { type: 'stompx:connect.success', payload: { user: me, write: grant, read: grant } }
  }
  if (type === 'stompx:topic.subscribe') return { type: 'stompx:topic.subscribed' }
  const kind = { 'stompx:resource.relay': 'relay', 'stompx:action.perform': 'action' }[type]
  const resource = answers[payload?.destination ?? '']?.(payload?.body ?? {})
  return kind && resource ? { type: `stompx:${kind}.success`, payload: { resource } } : undefined
}

const element = document.querySelector<HTMLElement>('#chat') as HTMLElement // preview.html has it
let chat: Chat | undefined

async function show({ features, styles, elements }: Look): Promise<void> {
  applyStyles(styles)
  if (!chat) {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }) => {
      const said = answerTo(data)
      if (said) port1.postMessage({ id: data.id, ...said })
    }
    const stompx = new StompX(port2)
    const made = new Chat(stompx, await stompx.connect(), features, { change: redraw, message: () => {} })
    chat = made
    await made.start()
    const [first] = channels
    if (first && innerWidth >= 576) await made.openChannel(first)
  }
  Object.assign(chat.features, features)
  chat.elements.set(elements)
  redraw()
}

function redraw(): void {
  if (chat) draw(element, chat, { actions: [], hasList: true, onHeader: () => {}, onAction: () => {} })
}

/** Runs updates one after another, because the first one creates the chat. */
let shown = Promise.resolve()
addEventListener('message', ({ source, origin, data }) => {
  if (source !== parent || origin !== location.origin || data?.type !== 'chatterie:look') return
  shown = shown.then(() => show(data.look))
})
if (parent !== window) parent.postMessage({ type: 'chatterie:look-wanted' }, location.origin)
