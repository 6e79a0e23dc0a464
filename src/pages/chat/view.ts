// Renders the chat: the list of channels, and the open channel beside it or, in narrow windows, instead of it.
import { html, nothing, render, type TemplateResult } from 'lit-html'
import type { Chat } from './chat.ts'
import type { Conversation } from './conversation.ts'
import { messagesView } from './messages-view.ts'
import { type Channel, lineOf, titleOf } from './resources.ts'
import { localized } from './strings.ts'

/** Actions that the page adds to the menu of a channel, and callbacks to the page. */
export interface Menu {
  actions: { name: string; title: string }[]
  /** Whether the user can navigate to other channels. */
  hasList: boolean
  onHeader: (channel: Channel) => void
  onAction: (name: string, channel: Channel) => void
}

/** Renders the current state; if the newest message was visible, scrolls so that it still is. */
export function draw(element: HTMLElement, chat: Chat, menu: Menu): void {
  const before = element.querySelector('.messages')
  const wasAtEnd = !before || before.scrollHeight - before.scrollTop - before.clientHeight < 60
  render(chatView(chat, menu), element)
  const list = element.querySelector('.messages')
  if (list && wasAtEnd) list.scrollTop = list.scrollHeight
}

export function drawNotice(element: HTMLElement, message: string): void {
  render(html`<p class="notice" role="alert">${message}</p>`, element)
}

function chatView(chat: Chat, menu: Menu): TemplateResult {
  return html`
    <div class="chat" data-showing=${chat.open ? 'conversation' : 'channels'} ?data-single=${!menu.hasList}>
      ${menu.hasList ? channelsView(chat) : nothing}
      <section class="conversation">
        ${chat.problem ? html`<p class="problem" role="alert">${chat.problem}</p>` : nothing}
        ${chat.open ? conversationView(chat, chat.open, menu) : html`<p class="empty">${localized('chat:channel_empty')}</p>`}
      </section>
    </div>`
}

function channelsView(chat: Chat): TemplateResult {
  const look = ({ target }: Event) => chat.attempt(() => chat.look((target as HTMLInputElement).value.trim()))
  return html`
    <nav class="channels" aria-label="Channels">
      <input class="search" type="search" placeholder=${localized('chat:search')} aria-label=${localized('chat:search')} @focus=${look} @input=${look}>
      ${chat.joinable ? joinableView(chat, chat.joinable) : nothing}
      ${chat.channels.size === 0 ? html`<p class="empty">${localized('chat:channels_empty')}</p>` : nothing}
      <ul>${chat.listed.map((channel) => channelView(chat, channel))}</ul>
    </nav>`
}

function channelView(chat: Chat, channel: Channel): TemplateResult {
  const title = titleOf(channel, chat.me)
  const isOnline = channel.members?.some(({ id, presence }) => id !== chat.me.id && presence.online)
  const line = lineOf(channel.lastReceivedMessage)
  const isUnread = chat.unread.has(channel.id)
  const own = chat.elements.view('channel', channel.id, {
    ...channel,
    title,
    line,
    isUnread,
    isOnline: Boolean(isOnline),
    isOpen: chat.open?.channel.id === channel.id,
  })
  const standard = () => html`
    ${pictureView(channel, chat)}
    <span class="title">${title}</span>
    ${isOnline && chat.features.user.presence === 'enabled' ? html`<span class="online" title="${title} ${localized('chat:is_online')}"></span>` : nothing}
    ${isUnread ? html`<span class="unread" aria-label="unread"></span>` : nothing}
    <span class="line">${line}</span>`
  return html`
    <li>
      <button class="channel" aria-current=${chat.open?.channel.id === channel.id} @click=${() => chat.openChannel(channel)}>
        ${own ?? standard()}
      </button>
    </li>`
}

function pictureView(channel: Channel, { me }: Chat): TemplateResult {
  const other = channel.members?.find(({ id }) => id !== me.id)
  return other
    ? html`<img class="avatar" alt="" src=${other.displayPictureUrl}>`
    : html`<span class="avatar" aria-hidden="true">#</span>`
}

function joinableView(chat: Chat, joinable: Channel[]): TemplateResult {
  const name = document.querySelector<HTMLInputElement>('.search')?.value.trim() ?? ''
  const isNew = name !== '' && !joinable.some((channel) => channel.name === name)
  const create = () => chat.attempt(() => chat.create({ name }))
  return html`
    <ul class="joinable" aria-label="Channels to join">
      ${joinable.map((channel) => html`<li><button class="quiet" @click=${() => chat.attempt(() => chat.join(channel))}># ${titleOf(channel, chat.me)}</button></li>`)}
      ${isNew && chat.features.channel.create === 'enabled' ? html`<li><button class="quiet" @click=${create}>Create # ${name}</button></li>` : nothing}
    </ul>`
}

function conversationView(chat: Chat, conversation: Conversation, menu: Menu): TemplateResult {
  const { channel } = conversation
  const online = channel.members?.find(({ id, presence }) => id !== chat.me.id && presence.online)
  const title = titleOf(channel, chat.me)
  const own = chat.elements.view('header', channel.id, { ...channel, title, isOnline: Boolean(online) })
  const standard = () => html`
    ${pictureView(channel, chat)}
    <span class="title">${title}</span>
    <span class="line">${online && chat.features.user.presence === 'enabled' ? localized('chat:is_online') : ''}</span>`
  return html`
    <header>
      ${menu.hasList ? html`<button class="back quiet" aria-label="Back to the channels" @click=${() => chat.closeChannel()}>‹</button>` : nothing}
      <button class="heading" @click=${() => menu.onHeader(channel)}>
        ${own ?? standard()}
      </button>
      <button class="quiet" @click=${() => conversation.markRead()}>${localized('chat:menu_action:mark_as_read')}</button>
      ${menu.actions.map(({ name, title }) => html`<button class="quiet" @click=${() => menu.onAction(name, channel)}>${title}</button>`)}
    </header>
    ${messagesView(chat, conversation)}
    ${conversation.replyTo ? html`<p class="replying">↩ ${lineOf(conversation.replyTo)} <button class="quiet" aria-label="Do not reply" @click=${() => conversation.reply(undefined)}>✕</button></p>` : nothing}
    ${composerView(chat, conversation)}`
}

function composerView(chat: Chat, conversation: Conversation): TemplateResult {
  const kinds = acceptedOf(chat)
  const submit = (event: Event) => {
    event.preventDefault()
    const input = (event.target as HTMLFormElement).elements.namedItem('body') as HTMLInputElement
    const body = input.value.trim()
    if (body === '') return
    input.value = ''
    return chat.attempt(async () => {
      try {
        await conversation.send(body)
      } catch (error) {
        input.value ||= body // so that it can be sent again
        throw error
      }
    })
  }
  const attach = ({ target }: Event) => {
    const input = target as HTMLInputElement
    const files = [...(input.files ?? [])]
    input.value = ''
    return chat.attempt(() => conversation.upload(files))
  }
  return html`
    <form class="composer" @submit=${submit}>
      ${kinds ? html`<label class="attach" title="Send a file">📎<input type="file" multiple accept=${kinds} aria-label="Send a file" @change=${attach}></label>` : nothing}
      <input name="body" autocomplete="off" enterkeyhint="send" placeholder=${localized('chat:type_message')} aria-label=${localized('chat:type_message')} @input=${({ target }: Event) => conversation.type((target as HTMLInputElement).value)}>
      <button type="submit" aria-label="Send">${conversation.uploads > 0 ? '…' : '➤'}</button>
    </form>`
}

/** Returns the `accept` attribute of the file input; empty if no files may be sent. */
function acceptedOf({ features }: Chat): string {
  const { attachments } = features.message
  if (attachments.file === 'enabled') return '*/*'
  const kinds = (['image', 'video', 'audio'] as const).filter((kind) => attachments[kind] === 'enabled')
  return kinds.map((kind) => `${kind}/*`).join(',')
}
