// One channel while it is shown: its messages, who is typing, and what was read.
import type { Chat } from './chat.ts'
import type { Channel, Message, Page, User } from './resources.ts'

/** How long to wait before keystrokes are sent. */
const keysMs = 150

interface Listeners {
  change: () => void
  message: (what: 'sent' | 'received') => void
  problem: (error: unknown) => void
}

export class Conversation {
  channel: Channel
  /** By id, which is also their order. */
  readonly messages = new Map<number, Message>()
  /** The parents of replies, by the id of the reply; undefined while loading. */
  readonly parents = new Map<number, Message | undefined>()
  readonly typing = new Map<number, User>()
  /** The users who have read a message of the current user, by the id of the message. */
  readonly readers = new Map<number, Set<number>>()
  replyTo: Message | undefined
  uploads = 0
  #older: string | undefined
  #isEnded = false
  readonly #chat: Chat
  readonly #on: Listeners
  readonly #ends: (() => void)[] = []
  #keys: ReturnType<typeof setTimeout> | undefined

  constructor(chat: Chat, channel: Channel, on: Listeners) {
    this.#chat = chat
    this.channel = channel
    this.#on = on
  }

  get hasOlder(): boolean {
    return this.#older !== undefined
  }

  /** Loads the newest page, and subscribes to changes. */
  async start(): Promise<void> {
    const { _topics: topics, _relays: relays } = this.channel
    this.#listen<Message>(topics.messages, 'channel.message.created', (message) => this.#arrived(message))
    this.#listen<Message>(topics.messages, 'channel.message.updated', (message) => this.#show(message))
    this.#listen<Message>(topics.messages, 'channel.message.deleted', ({ id }) => this.#drop(id))
    this.#listen<User>(topics.typing, 'thread.typing.started', (user) => this.#types(user, true))
    this.#listen<User>(topics.typing, 'thread.typing.stopped', (user) => this.#types(user, false))
    for (const event of ['message.reaction.created', 'message.reaction.removed'])
      this.#listen<Message>(topics.reactions, event, ({ _relays }) => this.#refresh(_relays.message))
    this.#listen<Message>(topics.readReceipts, 'message.read_receipt.created', (receipt) =>
      this.#read(receipt),
    )
    // Subscribing to the channel itself starts the chat session [runtime contract 8.4].
    for (const name of ['self', 'messages', 'typing', 'reactions', 'readReceipts']) {
      if (!topics[name]) continue
      const end = await this.#chat.stompx.subscribe(topics[name])
      if (this.#isEnded) return end()
      this.#ends.push(end)
    }
    await this.#page(relays.messages)
    if (!this.#isEnded) this.markRead()
  }

  end(): void {
    this.#isEnded = true
    clearTimeout(this.#keys)
    for (const end of this.#ends.splice(0)) end()
  }

  /** Oldest first. */
  get shown(): Message[] {
    return [...this.messages.values()].sort((a, b) => a.id - b.id)
  }

  async showOlder(): Promise<void> {
    await this.#page(this.#older)
  }

  async send(body: string): Promise<void> {
    const action = this.replyTo?._actions.reply ?? this.channel._actions.message
    if (!action) throw new Error('Nothing can be sent here')
    this.replyTo = undefined
    this.#tellKeys('')
    this.#show(await this.#chat.stompx.perform<Message>(action, { type: 'TEXT', body }))
    this.#on.message('sent')
  }

  async upload(files: Iterable<File>): Promise<void> {
    const stream = this.replyTo?._streams.replies ?? this.channel._streams.messages
    if (!stream) throw new Error('No files can be sent here')
    this.replyTo = undefined
    for (const file of files) {
      this.uploads += 1
      this.#on.change()
      try {
        this.#show(await this.#chat.stompx.upload<Message>(stream, this.#chat.grants.write, file))
      } finally {
        this.uploads -= 1
        this.#on.change()
      }
    }
  }

  async react(message: Message, emoji: string, isMine: boolean): Promise<void> {
    const action = isMine ? message._actions.removeReaction : message._actions.react
    if (!action) return
    await this.#chat.stompx.perform(action, { emoji })
    await this.#refresh(message._relays.self)
  }

  async remove(message: Message): Promise<void> {
    if (!message._actions.delete) return
    await this.#chat.stompx.perform(message._actions.delete, {})
    this.#drop(message.id)
  }

  reply(message: Message | undefined): void {
    this.replyTo = message
    this.#on.change()
  }

  /** Sends the current draft, debounced. */
  type(keys: string): void {
    clearTimeout(this.#keys)
    this.#keys = setTimeout(() => this.#tellKeys(keys), keysMs)
  }

  markRead(): void {
    const { read } = this.channel._actions
    if (read) this.#chat.stompx.send(read, {})
  }

  #tellKeys(keys: string): void {
    clearTimeout(this.#keys)
    const { keystrokes } = this.channel._actions
    if (keystrokes && this.#chat.features.message.typing === 'enabled') {
      this.#chat.stompx.send(keystrokes, { keys })
    }
  }

  async #page(relay: string | undefined): Promise<void> {
    if (!relay) return
    const page = await this.#chat.stompx.relay<Page<Message>>(relay)
    for (const message of page._embedded?.messages ?? []) this.#show(message)
    this.#older = page._relays.next
    this.#on.change()
  }

  #arrived(message: Message): void {
    const isNew = !this.messages.has(message.id)
    this.#show(message)
    if (!isNew || message.user?.id === this.#chat.me.id) return
    this.#on.message('received')
    if (document.visibilityState === 'visible') this.markRead()
  }

  #show(message: Message): void {
    this.messages.set(message.id, message)
    const { parent } = message._relays
    if (parent && !this.parents.has(message.id)) {
      this.parents.set(message.id, undefined)
      this.#chat.stompx.relay<Message>(parent).then(
        (found) => {
          this.parents.set(message.id, found)
          this.#on.change()
        },
        () => {}, // it was deleted: the reply is shown without it
      )
    }
    this.#on.change()
  }

  #drop(id: number): void {
    this.messages.delete(id)
    this.#on.change()
  }

  #types(user: User, isTyping: boolean): void {
    if (user.id === this.#chat.me.id) return
    if (isTyping) this.typing.set(user.id, user)
    else this.typing.delete(user.id)
    this.#on.change()
  }

  async #read({ user, _relays }: Pick<Message, 'user' | '_relays'>): Promise<void> {
    if (!user || user.id === this.#chat.me.id) return
    if (!_relays.message) return
    const { id } = await this.#chat.stompx.relay<Message>(_relays.message)
    this.readers.set(id, (this.readers.get(id) ?? new Set()).add(user.id))
    this.#on.change()
  }

  async #refresh(relay: string | undefined): Promise<void> {
    if (relay) this.#show(await this.#chat.stompx.relay<Message>(relay))
  }

  #listen<T>(topic: string | undefined, event: string, hear: (resource: T) => unknown): void {
    if (!topic) return
    const heard = async (resource: T) => {
      try {
        if (!this.#isEnded) await hear(resource)
      } catch (error) {
        this.#on.problem(error)
      }
    }
    this.#ends.push(this.#chat.stompx.listen<T>(topic, event, heard))
  }
}
