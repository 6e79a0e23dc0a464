// The backend of a support desk: it opens tickets, answers them, and shows what was said.
import { ChatKitty } from 'chatkitty'

export interface DeskSettings {
  clientId: string
  clientSecret: string
  /** Where the API is; ChatKitty's own where absent. */
  url?: string
}

export interface Ticket {
  channelId: number
  customer: string
  subject: string
}

interface Message {
  body?: string
  user?: { name: string }
  properties: { replyId?: string }
}

/** What is used of the SDK, whose own types leave out what messages hold. */
interface Channels {
  createChannel(channel: object): Promise<{ data: { id: number } }>
  sendChannelMessage(channelId: number, message: object): Promise<unknown>
  listChannelMessages(channelId: number): Promise<{ data: { _embedded?: { messages: Message[] } } }>
}

const pauseMs = 20
const attempts = 3

export class Desk {
  readonly #channels: Channels

  constructor({ clientId, clientSecret, url }: DeskSettings) {
    const elsewhere = url && { basePath: url, authorizationBasePath: `${url}/oauth/token` }
    const chatkitty = new ChatKitty({ clientId, clientSecret, ...elsewhere })
    this.#channels = chatkitty.ChannelsApi as unknown as Channels
  }

  /** A private channel of the customer and the agent, who must be users already. */
  async openTicket(customer: string, agent: string, subject: string): Promise<Ticket> {
    const { data: channel } = await this.#channels.createChannel({
      type: 'PRIVATE',
      display_name: subject,
      members: [{ username: customer }, { username: agent }],
    })
    await this.#channels.sendChannelMessage(channel.id, {
      type: 'TEXT',
      body: `Ticket opened: ${subject}`,
    })
    return { channelId: channel.id, customer, subject }
  }

  /**
   * Answers a ticket, once: where an answer of the API is lost, the reply may be there already.
   * @param replyId tells this reply from others
   */
  async reply({ channelId }: Ticket, agent: string, body: string, replyId: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#channels.sendChannelMessage(channelId, {
          type: 'TEXT',
          body,
          user: { username: agent },
          properties: { replyId },
        })
        return
      } catch (error) {
        if (!isTemporary(error) || attempt === attempts) throw error
        await new Promise((resolve) => setTimeout(resolve, attempt * pauseMs))
        if (await this.#hasReply(channelId, replyId)) return
      }
    }
  }

  /** What was said, oldest first. */
  async transcript({ channelId }: Ticket): Promise<string[]> {
    const messages = await this.#newest(channelId)
    return messages.map(lineOf).reverse()
  }

  async #hasReply(channelId: number, replyId: string): Promise<boolean> {
    const messages = await this.#newest(channelId)
    return messages.some(({ properties }) => properties.replyId === replyId)
  }

  async #newest(channelId: number): Promise<Message[]> {
    const { data } = await this.#channels.listChannelMessages(channelId)
    return data._embedded?.messages ?? []
  }
}

/** No answer at all, or one that says to come again. */
function isTemporary(error: unknown): boolean {
  const { response } = error as { response?: { status: number } }
  return response === undefined || response.status === 503 || response.status === 429
}

function lineOf({ body, user }: Message): string {
  return user ? `${user.name}: ${body}` : `(${body})`
}
