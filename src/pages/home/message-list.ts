import { isTextMessage, isUserMessage, type Message } from '@chatkitty/core'
import { find } from './find.ts'

/** The alias of the only reaction offered here. */
export const heart = 'heart'

/** The user who sees the messages. */
interface Reader {
  username: string
  /** The username of the other user. */
  peer: string
  /** Adds this user's heart to a message, or removes it. */
  react(message: Message): void
}

/** The messages as one user sees them, in chronological order. */
export class MessageList {
  private readonly scroller: HTMLElement
  private readonly list: HTMLOListElement
  private readonly reader: Reader
  private readonly items = new Map<number, HTMLLIElement>()
  /** The id of the newest message of this user that the other one has read. */
  private seenId = 0

  /** @param scroller the scrolling element that contains the list */
  constructor(scroller: HTMLElement, reader: Reader) {
    this.scroller = scroller
    this.list = find(scroller, 'ol')
    this.reader = reader
  }

  isMine(message: Message): boolean {
    return isUserMessage(message) && message.user.name === this.reader.username
  }

  hasMyHeart(message: Message): boolean {
    return heartsOf(message).includes(this.reader.username)
  }

  /** Inserts a message at its position, or replaces the displayed one. */
  show(message: Message): void {
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

  /** Inserts older messages, and keeps the scroll position on those that were visible. */
  showEarlier(messages: Message[], shown: () => void): void {
    const { scrollHeight, scrollTop } = this.scroller
    for (const message of messages) this.show(message)
    shown()
    this.scroller.scrollTop = scrollTop + this.scroller.scrollHeight - scrollHeight
  }

  remove({ id }: Message): void {
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
    const isPressed = this.hasMyHeart(message)
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
    button.addEventListener('click', () => this.reader.react(message))
    return button
  }

  seen(message: Message, by: string): void {
    if (by !== this.reader.peer || !this.isMine(message)) return
    this.seenId = Math.max(this.seenId, message.id)
    this.markSeen()
  }

  /** Marks the newest message that the other user has read. */
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
}

/** Returns the names of the users who reacted with a heart. */
function heartsOf({ reactions = [] }: Message): string[] {
  const summary = reactions.find(({ emoji }) => emoji.aliases.includes(heart))
  return summary?.users.map(({ name }) => name) ?? []
}
