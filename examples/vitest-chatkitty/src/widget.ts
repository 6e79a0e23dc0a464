// A ticket in a page, as its view would show it: to the customer, and to the agent.
import { type ApiConnection, type Channel, connectApi, type Message, type SdkClient } from '@chatkitty/core'

export interface WidgetSettings {
  apiKey: string
  username: string
  channelId: number
  /** Where the API is; ChatKitty's own where absent. */
  environment?: { host: string; secure: boolean }
}

export class Widget {
  readonly #messages = new Map<number, Message>()
  /** Who is typing. */
  readonly typing = new Set<string>()
  /** Who is there. */
  readonly present = new Set<string>()
  readonly #connection: ApiConnection
  readonly #client: SdkClient
  readonly #channel: Channel

  static async open({ apiKey, username, channelId, environment }: WidgetSettings): Promise<Widget> {
    const connection = await connectApi({
      apiKey,
      username,
      ...(environment && { $environment: environment }),
    })
    const client = connection.getSdkClient()
    const found = await client.retrieveChannel(channelId)
    if (!found.succeeded) throw new Error(`The ticket cannot be opened: ${found.error.message}`)
    const widget = new Widget(connection, client, found.channel)
    await widget.#loadHistory()
    return widget
  }

  private constructor(connection: ApiConnection, client: SdkClient, channel: Channel) {
    this.#connection = connection
    this.#client = client
    this.#channel = channel
    client.startChatSession({
      channel,
      onMessageReceived: (message) => this.#messages.set(message.id, message),
      onTypingStarted: ({ name }) => this.typing.add(name),
      onTypingStopped: ({ name }) => this.typing.delete(name),
      onParticipantEnteredChat: ({ name }) => this.present.add(name),
      onParticipantLeftChat: ({ name }) => this.present.delete(name),
    })
  }

  /** What people said, oldest first. */
  get lines(): string[] {
    const inOrder = [...this.#messages.values()].sort((a, b) => a.id - b.id)
    return inOrder.flatMap((message) =>
      message.type === 'TEXT' ? [`${message.user.name}: ${message.body}`] : [],
    )
  }

  /** After the session has begun, so that nothing is missed in between. */
  async #loadHistory(): Promise<void> {
    const listed = await this.#client.listMessages({ channel: this.#channel })
    if (!listed.succeeded) throw new Error(`The messages cannot be listed: ${listed.error.message}`)
    for (const message of listed.paginator.items) this.#messages.set(message.id, message)
  }

  async say(body: string): Promise<void> {
    const sent = await this.#client.sendMessage({ channel: this.#channel, body })
    if (!sent.succeeded) throw new Error(`The message was not sent: ${sent.error.message}`)
  }

  /** Tells the others what is being written, so far. */
  async draft(keys: string): Promise<void> {
    await this.#client.sendKeystrokes({ channel: this.#channel, keys })
  }

  close(): Promise<void> {
    return this.#connection.dispose()
  }
}
