// The live chat: two users, each with their own connection, as in a real app. All text is inserted as text, so nothing
// that a user writes can become markup.
import {
  type ApiConnection,
  type Channel,
  type ChatKittyFailedResult,
  type ChatKittyPaginator,
  type ChatKittySucceededResult,
  connectApi,
  type Message,
  type SdkClient,
} from '@chatkitty/core'
import { find } from './find.ts'
import { heart, MessageList } from './message-list.ts'

/**
 * Connects both users and shows their chat in the page.
 * @throws Error whose message tells the reader why it failed
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
    // Both users must exist before either can open a channel with the other.
    await Promise.all(screens.map((screen) => screen.connect()))
    for (const screen of screens) await screen.enter()
  } catch (error) {
    await Promise.allSettled(screens.map((screen) => screen.leave()))
    throw error
  }
  stage.dataset.started = 'true'
}

interface DemoUser {
  apiKey: string
  host: string
  username: string
  /** The username of the other user. */
  peer: string
}

/** One user's view of the chat. */
class Screen {
  private connection: ApiConnection | undefined
  private channel: Channel | undefined
  private older: ChatKittyPaginator<Message> | undefined
  private readonly element: HTMLElement
  private readonly seat: DemoUser
  private readonly messages: MessageList
  private readonly input: HTMLInputElement

  constructor(element: HTMLElement, seat: DemoUser) {
    this.element = element
    this.seat = seat
    this.messages = new MessageList(find(element, '.messages'), {
      ...seat,
      react: (message) => this.attempt(() => this.react(message)),
    })
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
    this.client.onCurrentUserOffline(() => this.tell('Connection lost, reconnecting …'))
    this.client.onCurrentUserOnline(() => this.attempt(() => this.catchUp()))
  }

  /** Opens the direct channel with the other user, and shows its messages. */
  async enter(): Promise<void> {
    const { client, messages } = this
    const created = await client.createChannel({ type: 'DIRECT', members: [{ username: this.seat.peer }] })
    const { channel } = succeeded(created)
    this.channel = channel
    client.startChatSession({
      channel,
      onMessageReceived: (message) => this.attempt(() => this.receive(message)),
      onMessageUpdated: (message) => messages.show(message),
      onMessageDeleted: (message) => messages.remove(message),
      onMessageRead: (message, { user }) => messages.seen(message, user.name),
      onMessageReactionAdded: (message) => messages.show(message),
      onMessageReactionRemoved: (message) => messages.show(message),
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

  /** Shows the newest page, also after a reconnect. */
  private async catchUp(): Promise<void> {
    const { client, channel, messages } = this
    if (!channel) return
    const { paginator } = succeeded(await client.listMessages({ channel }))
    this.older ??= paginator
    for (const message of paginator.items) messages.show(message)
    this.offerEarlier()
    const mine = paginator.items.find((message) => messages.isMine(message))
    if (mine) {
      const { paginator: receipts } = succeeded(await client.listReadReceipts({ message: mine }))
      for (const { user } of receipts.items) messages.seen(mine, user.name)
    }
    await this.countUnread()
  }

  private async showEarlier(): Promise<void> {
    this.older = await this.older?.nextPage()
    this.messages.showEarlier(this.older?.items ?? [], () => this.offerEarlier())
  }

  private offerEarlier(): void {
    find(this.element, '.earlier').hidden = !this.older?.hasNextPage
  }

  private async send(): Promise<void> {
    const { client, channel, input } = this
    const body = input.value.trim()
    if (!channel || !body) return
    input.value = ''
    this.type() // otherwise the last keystrokes would be sent after the message
    try {
      const { message } = succeeded(await client.sendMessage({ channel, body }))
      this.messages.show(message)
    } catch (error) {
      input.value ||= body // so that it can be sent again
      throw error
    }
  }

  private type(): void {
    if (this.channel) this.client.sendKeystrokes({ channel: this.channel, keys: this.input.value })
  }

  private async receive(message: Message): Promise<void> {
    this.messages.show(message)
    if (this.messages.isMine(message)) return
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
    const isMine = this.messages.hasMyHeart(message)
    succeeded(await (isMine ? this.client.removeReaction(request) : this.client.reactToMessage(request)))
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
    button.textContent = isThere ? 'Leave' : 'Reconnect'
    if (isThere) return
    find(this.element, '.peer-text').textContent = 'Not connected'
    delete this.element.dataset.peer
  }

  /** Runs an action, and displays its error if it fails. */
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
 * Unwraps a result of the client, which reports failures in its results.
 * @throws Error with the server's message
 */
function succeeded<T extends ChatKittySucceededResult>(result: T | ChatKittyFailedResult): T {
  if (result.failed) throw new Error(result.error.message)
  return result
}
