// The live chat: two users, each on a connection of their own, as any app would have it. All text is set as text, so
// that nothing that a user writes can become markup.
import {
  type ApiConnection,
  type Channel,
  type ChatKittyFailedResult,
  type ChatKittyPaginator,
  type ChatKittySucceededResult,
  connectApi,
  isTextMessage,
  isUserMessage,
  type Message,
  type SdkClient,
} from '@chatkitty/core'

/** What can be reacted with here, by its alias. */
const heart = 'heart'

/**
 * Connects both users and shows their chat in the page.
 * @throws Error whose message says why it could not, for the reader
 */
export async function start(demo: HTMLElement): Promise<void> {
  const { apiKey = '', host = '' } = demo.dataset
  const elements = [...demo.querySelectorAll<HTMLElement>('.pane')]
  const usernames = elements.map(({ dataset }) => dataset.username ?? '')
  const screens = elements.map((element, index) => {
    const [username = '', peer = ''] = index === 0 ? usernames : usernames.toReversed()
    return new Screen(element, { apiKey, host, username, peer })
  })
  const stage = find(demo, '.stage')
  try {
    // Both have to be known before either can open a channel with the other.
    await Promise.all(screens.map((screen) => screen.connect()))
    for (const screen of screens) await screen.enter()
  } catch (error) {
    await Promise.allSettled(screens.map((screen) => screen.leave()))
    throw error
  }
  stage.dataset.started = 'true'
}

interface Seat {
  apiKey: string
  host: string
  username: string
  /** The other one's username. */
  peer: string
}

/** One user's view of the chat. */
class Screen {
  private connection: ApiConnection | undefined
  private channel: Channel | undefined
  private older: ChatKittyPaginator<Message> | undefined
  private readonly items = new Map<number, HTMLLIElement>()
  /** The newest message of this user that the other one has read. */
  private seenId = 0
  private readonly element: HTMLElement
  private readonly seat: Seat
  private readonly list: HTMLOListElement
  private readonly scroller: HTMLElement
  private readonly input: HTMLInputElement

  constructor(element: HTMLElement, seat: Seat) {
    this.element = element
    this.seat = seat
    this.list = find(element, 'ol')
    this.scroller = find(element, '.messages')
    this.input = find(element, 'input')
    find(element, 'form').addEventListener('submit', (event) => {
      event.preventDefault()
      this.attempt(() => this.send())
    })
    this.input.addEventListener('input', () => this.type())
    element.addEventListener('focusin', () => this.attempt(() => this.read()))
    find(element, '.earlier').addEventListener('click', () => this.attempt(() => this.showEarlier()))
    find(element, '.presence').addEventListener('click', () => this.attempt(() => this.comeOrGo()))
  }

  async connect(): Promise<void> {
    const { apiKey, host, username } = this.seat
    this.connection = await connectApi({
      apiKey,
      username,
      $environment: { host, secure: location.protocol === 'https:' },
    })
    this.client.onCurrentUserOffline(() => this.tell('The connection is lost; trying again …'))
    this.client.onCurrentUserOnline(() => this.attempt(() => this.catchUp()))
  }

  /** Opens the direct channel with the other one, and shows what was said and what is being said. */
  async enter(): Promise<void> {
    const { client } = this
    const created = await client.createChannel({ type: 'DIRECT', members: [{ username: this.seat.peer }] })
    const { channel } = succeeded(created)
    this.channel = channel
    client.startChatSession({
      channel,
      onMessageReceived: (message) => this.attempt(() => this.receive(message)),
      onMessageUpdated: (message) => this.show(message),
      onMessageDeleted: (message) => this.remove(message),
      onMessageRead: (message, { user }) => this.seen(message, user.name),
      onMessageReactionAdded: (message) => this.show(message),
      onMessageReactionRemoved: (message) => this.show(message),
      onTypingStarted: ({ name }) => this.showTyping(name, true),
      onTypingStopped: ({ name }) => this.showTyping(name, false),
      onParticipantPresenceChanged: ({ name, presence }) => this.showPresence(name, presence.online),
    })
    if (channel.type === 'DIRECT') {
      for (const { name, presence } of channel.members) this.showPresence(name, presence.online)
    }
    await this.catchUp()
    this.isThere(true)
  }

  async leave(): Promise<void> {
    const { connection } = this
    this.connection = undefined
    this.channel = undefined
    this.older = undefined
    this.showTyping(this.seat.peer, false)
    this.isThere(false)
    await connection?.dispose()
  }

  private get client(): SdkClient {
    if (!this.connection) throw new Error(`${this.seat.username} is not connected`)
    return this.connection.getSdkClient()
  }

  private async comeOrGo(): Promise<void> {
    const button = find(this.element, 'button.presence') as HTMLButtonElement
    button.disabled = true
    try {
      if (this.connection) return await this.leave()
      await this.connect()
      await this.enter()
    } finally {
      button.disabled = false
    }
  }

  /** Shows the newest page, also after the connection was lost for a while. */
  private async catchUp(): Promise<void> {
    const { client, channel } = this
    if (!channel) return
    const { paginator } = succeeded(await client.listMessages({ channel }))
    this.older ??= paginator
    for (const message of paginator.items) this.show(message)
    this.offerEarlier()
    const mine = paginator.items.find((message) => this.isMine(message))
    if (mine) {
      const { paginator: receipts } = succeeded(await client.listReadReceipts({ message: mine }))
      for (const { user } of receipts.items) this.seen(mine, user.name)
    }
    await this.countUnread()
  }

  private async showEarlier(): Promise<void> {
    this.older = await this.older?.nextPage()
    const { scrollHeight, scrollTop } = this.scroller
    for (const message of this.older?.items ?? []) this.show(message)
    this.offerEarlier()
    this.scroller.scrollTop = scrollTop + this.scroller.scrollHeight - scrollHeight // what was seen stays in sight
  }

  private offerEarlier(): void {
    find(this.element, '.earlier').hidden = !this.older?.hasNextPage
  }

  private async send(): Promise<void> {
    const { client, channel, input } = this
    const body = input.value.trim()
    if (!channel || !body) return
    input.value = ''
    this.type() // or the last keys would be told after the message
    try {
      const { message } = succeeded(await client.sendMessage({ channel, body }))
      this.show(message)
    } catch (error) {
      input.value ||= body // to be sent again
      throw error
    }
  }

  private type(): void {
    if (this.channel) this.client.sendKeystrokes({ channel: this.channel, keys: this.input.value })
  }

  private async receive(message: Message): Promise<void> {
    this.show(message)
    if (this.isMine(message)) return
    this.showTyping(this.seat.peer, false)
    await this.countUnread()
    if (this.element.contains(document.activeElement)) await this.read()
  }

  private async read(): Promise<void> {
    const { channel } = this
    if (!channel || find(this.element, '.unread').hidden) return
    succeeded(await this.client.readChannel({ channel }))
    await this.countUnread()
  }

  private async countUnread(): Promise<void> {
    const { channel } = this
    if (!channel) return
    const { count } = succeeded(await this.client.countUnreadMessages({ channel }))
    const badge = find(this.element, '.unread')
    badge.textContent = `${count} unread`
    badge.hidden = count === 0
  }

  private async react(message: Message): Promise<void> {
    const request = { message, emoji: heart }
    const isMine = heartsOf(message).includes(this.seat.username)
    succeeded(await (isMine ? this.client.removeReaction(request) : this.client.reactToMessage(request)))
  }

  private isMine(message: Message): boolean {
    return isUserMessage(message) && message.user.name === this.seat.username
  }

  /** Puts a message in its place, instead of what is shown of it. */
  private show(message: Message): void {
    const isAtEnd = this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 48
    const item = this.itemOf(message)
    const shown = this.items.get(message.id)
    this.items.set(message.id, item)
    if (shown) {
      shown.replaceWith(item)
    } else {
      const next = [...this.list.children].find(
        (other) => Number((other as HTMLElement).dataset.id) > message.id,
      )
      this.list.insertBefore(item, next ?? null)
    }
    if (isAtEnd) this.scroller.scrollTop = this.scroller.scrollHeight
    this.markSeen()
  }

  private remove({ id }: Message): void {
    this.items.get(id)?.remove()
    this.items.delete(id)
    this.markSeen()
  }

  private itemOf(message: Message): HTMLLIElement {
    const item = document.createElement('li')
    item.dataset.id = String(message.id)
    item.dataset.from = this.isMine(message) ? 'me' : isUserMessage(message) ? 'peer' : 'system'
    const body = document.createElement('p')
    body.className = 'bubble'
    body.textContent = isTextMessage(message) ? message.body : message.file.name
    const meta = document.createElement('p')
    meta.className = 'meta'
    const time = document.createElement('time')
    time.dateTime = message.createdTime
    time.textContent = new Date(message.createdTime).toLocaleTimeString([], { timeStyle: 'short' })
    meta.append(time)
    item.append(body, this.heartOf(message), meta)
    return item
  }

  private heartOf(message: Message): HTMLButtonElement {
    const lovers = heartsOf(message)
    const isPressed = lovers.includes(this.seat.username)
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'heart'
    button.setAttribute('aria-pressed', String(isPressed))
    button.setAttribute(
      'aria-label',
      lovers.length ? `Loved by ${lovers.join(' and ')}` : 'Love this message',
    )
    button.textContent = lovers.length > 1 ? `♥ ${lovers.length}` : '♥'
    button.dataset.count = String(lovers.length)
    button.addEventListener('click', () => this.attempt(() => this.react(message)))
    return button
  }

  private seen(message: Message, reader: string): void {
    if (reader !== this.seat.peer || !this.isMine(message)) return
    this.seenId = Math.max(this.seenId, message.id)
    this.markSeen()
  }

  /** Says so below the newest message that was seen, as who wrote it wants to know. */
  private markSeen(): void {
    const ids = [...this.items.keys()].filter(
      (id) => id <= this.seenId && this.items.get(id)?.dataset.from === 'me',
    )
    const newest = Math.max(...ids)
    for (const [id, { dataset }] of this.items) {
      if (id === newest) dataset.seen = 'true'
      else delete dataset.seen
    }
  }

  private showTyping(name: string, isTyping: boolean): void {
    if (name !== this.seat.peer) return
    const line = find(this.element, '.typing')
    line.dataset.typing = String(isTyping)
    find(line, '.typing-text').textContent = isTyping ? `${name} is typing` : ''
  }

  private showPresence(name: string, isOnline: boolean): void {
    if (name !== this.seat.peer) return
    this.element.dataset.peer = isOnline ? 'online' : 'offline'
    find(this.element, '.peer-text').textContent = `${name} is ${isOnline ? 'online' : 'offline'}`
  }

  private isThere(isThere: boolean): void {
    this.element.dataset.state = isThere ? 'here' : 'away'
    for (const field of this.element.querySelectorAll<HTMLInputElement | HTMLButtonElement>('form > *')) {
      field.disabled = !isThere
    }
    const button = find(this.element, '.presence')
    button.hidden = false
    button.textContent = isThere ? 'Leave' : 'Come back'
    if (isThere) return
    find(this.element, '.peer-text').textContent = 'Not connected'
    delete this.element.dataset.peer
  }

  /** Does it, and says so where it fails. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.tell('')
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error))
    }
  }

  private tell(problem: string): void {
    const line = find(this.element, '.problem')
    line.textContent = problem
    line.hidden = problem === ''
  }
}

/**
 * The client tells of failures in what it answers.
 * @throws Error with the server's words
 */
function succeeded<T extends ChatKittySucceededResult>(result: T | ChatKittyFailedResult): T {
  if (result.failed) throw new Error(result.error.message)
  return result
}

/** Who reacted with a heart. */
function heartsOf({ reactions = [] }: Message): string[] {
  const summary = reactions.find(({ emoji }) => emoji.aliases.includes(heart))
  return summary?.users.map(({ name }) => name) ?? []
}

/** @throws Error where the page has no such element */
function find<K extends keyof HTMLElementTagNameMap>(within: HTMLElement, tag: K): HTMLElementTagNameMap[K]
function find(within: HTMLElement, selector: string): HTMLElement
function find(within: HTMLElement, selector: string): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`The page has no ${selector}`)
  return found
}
