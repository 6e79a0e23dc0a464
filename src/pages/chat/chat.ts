// The state of the chat, and its actions, independent of how it is displayed.
import { Conversation } from './conversation.ts'
import { ElementViews } from './elements.ts'
import type { Channel, Features, Page, User } from './resources.ts'
import type { Access, StompX } from './stompx.ts'

/** The number of channels shown in a list that is not searched. */
const listedMax = 100

export class Chat {
  readonly stompx: StompX
  readonly features: Features
  /** Parts that are rendered from templates. */
  readonly elements = new ElementViews()
  me: User
  readonly #access: Access
  readonly #changed: () => void
  /** Called on events that have a sound. */
  readonly #said: (what: 'sent' | 'received') => void
  readonly channels = new Map<number, Channel>()
  readonly unread = new Set<number>()
  /** Channels that can be joined; undefined unless the user is looking for one. */
  joinable: Channel[] | undefined
  open: Conversation | undefined
  problem: string | undefined

  constructor(
    stompx: StompX,
    access: Access,
    features: Features,
    on: { change: () => void; message: (what: 'sent' | 'received') => void },
  ) {
    this.stompx = stompx
    this.#access = access
    this.me = access.user
    this.features = features
    this.#changed = on.change
    this.#said = on.message
  }

  get grants(): { read: string; write: string } {
    return { read: this.#access.read.grant, write: this.#access.write.grant }
  }

  /** Newest first. */
  get listed(): Channel[] {
    const at = (channel: Channel) => channel.lastReceivedMessage?.createdTime ?? channel.createdTime
    return [...this.channels.values()].sort((a, b) => at(b).localeCompare(at(a)))
  }

  /** Loads the channels, and subscribes to changes. */
  async start(): Promise<void> {
    const { channels, self } = this.me._topics
    for (const event of ['joined', 'updated', 'unhidden'])
      this.#listen<Channel>(channels, `user.channel.${event}`, (channel) => this.#keep(channel))
    for (const event of ['me.channel.left', 'user.channel.deleted', 'user.channel.hidden'])
      this.#listen<Channel>(channels, event, ({ id }) => this.#forget(id))
    this.#listen<User>(self, 'user.self.updated', (me) => {
      this.me = me
    })
    this.#listen<User>(this.me._topics.contacts, 'contact.presence.changed', (user) => this.#meet(user))
    this.#listen<User>(this.me._topics.contacts, 'contact.user.updated', (user) => this.#meet(user))
    const [joined, unread] = await Promise.all([
      this.#channels(this.me._relays.channels, { subscribable: true }),
      this.#channels(this.me._relays.unreadChannels, {}),
    ])
    for (const channel of joined) this.channels.set(channel.id, channel)
    for (const { id } of unread) this.unread.add(id)
    this.#changed()
  }

  async openChannel(channel: Channel): Promise<void> {
    if (this.open?.channel.id === channel.id) return
    this.closeChannel()
    const conversation = new Conversation(this, channel, {
      change: this.#changed,
      message: (what) => this.#said(what),
      problem: (error) => this.#fail(error),
    })
    this.open = conversation
    this.#changed()
    await this.attempt(() => conversation.start())
    if (this.open !== conversation) return
    this.unread.delete(channel.id)
    this.#changed()
  }

  closeChannel(): void {
    this.open?.end()
    this.open = undefined
    this.#changed()
  }

  /** Opens the channel with these users, or the public one with this name; creates it if necessary. */
  async create(what: { users: string[] } | { name: string }): Promise<void> {
    const body =
      'users' in what
        ? { type: 'DIRECT', members: what.users.map((username) => ({ username })) }
        : { type: 'PUBLIC', name: what.name }
    const channel = await this.stompx.perform<Channel>(this.#action('createChannel'), body)
    this.#keep(channel)
    await this.openChannel(channel)
  }

  async join(channel: Channel): Promise<void> {
    const { join } = channel._actions
    const joined = join ? await this.stompx.perform<Channel>(join, { channel }) : channel
    this.joinable = undefined
    this.#keep(joined)
    await this.openChannel(joined)
  }

  /** Opens the channel with this name, and joins it if necessary. @throws Error if there is none */
  async enter(name: string): Promise<void> {
    const known = [...this.channels.values()].find((channel) => channel.name === name)
    if (known) return this.openChannel(known)
    const found = await this.#channels(this.me._relays.joinableChannels, { name })
    const channel = found.find((each) => each.name === name)
    if (!channel) throw new Error(`There is no channel ${name} for you`)
    await this.join(channel)
  }

  async look(name: string): Promise<void> {
    const filter = name ? { name } : {}
    this.joinable = await this.#channels(this.me._relays.joinableChannels, filter)
    this.#changed()
  }

  async rename(displayName: string): Promise<void> {
    if (displayName === this.me.displayName) return
    this.me = await this.stompx.perform<User>(this.#action('update'), { ...this.me, displayName })
  }

  /** Sets a picture by its URL; type and size come from its server when it is displayed. */
  async wear(url: string): Promise<void> {
    if (url === this.me.displayPictureUrl) return
    const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) || 'picture')
    const kind = /\.(png|gif|webp)$/i.exec(name)?.[1]?.toLowerCase() ?? 'jpeg'
    const picture = { url, name, contentType: `image/${kind}`, size: 0 }
    this.me = await this.stompx.perform<User>(this.#action('updateDisplayPicture'), picture)
  }

  /** Displays an error instead of throwing it. */
  async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      this.problem = undefined
      await work()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.problem = error instanceof Error ? error.message : String(error)
    this.#changed()
  }

  #action(name: string): string {
    const action = this.me._actions[name]
    if (!action) throw new Error('That is not possible here')
    return action
  }

  async #channels(relay: string | undefined, parameters: object): Promise<Channel[]> {
    const found: Channel[] = []
    for (let next = relay; next && found.length < listedMax; ) {
      const page: Page<Channel> = await this.stompx.relay<Page<Channel>>(next, { ...parameters })
      found.push(...(page._embedded?.channels ?? []))
      next = page._relays.next
    }
    return found
  }

  /** Stores a channel, and marks it as unread if it has a new message and is not open. */
  #keep(channel: Channel): void {
    const before = this.channels.get(channel.id)?.lastReceivedMessage?.id
    const { lastReceivedMessage: last } = channel
    this.channels.set(channel.id, channel)
    const isNews = last && last.id !== before && last.user?.id !== this.me.id
    if (this.open?.channel.id === channel.id) this.open.channel = channel
    else if (isNews) this.unread.add(channel.id)
    this.#changed()
  }

  #forget(id: number): void {
    this.channels.delete(id)
    this.unread.delete(id)
    if (this.open?.channel.id === id) this.closeChannel()
    this.#changed()
  }

  /** Updates a user in the channels that they are a member of. */
  #meet(user: User): void {
    for (const channel of this.channels.values()) {
      const { members } = channel
      if (members) channel.members = members.map((member) => (member.id === user.id ? user : member))
    }
    this.#changed()
  }

  #listen<T>(topic: string | undefined, event: string, hear: (resource: T) => void): void {
    if (topic) this.stompx.listen<T>(topic, event, hear)
  }
}
