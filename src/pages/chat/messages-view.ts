// Renders messages. Content from users is text, and never becomes markup.
import { html, nothing, type TemplateResult } from 'lit-html'
import { repeat } from 'lit-html/directives/repeat.js'
import type { Chat } from './chat.ts'
import type { Conversation } from './conversation.ts'
import { sourceOf } from './file-source.ts'
import { type Features, type Link, lineOf, type Message, mentioned, type SentFile } from './resources.ts'
import { localized } from './strings.ts'

/** Reactions offered as buttons. */
const quick = [
  ['👍', '+1'],
  ['❤️', 'heart'],
  ['😂', 'joy'],
  ['🎉', 'tada'],
] as const

export function messagesView(chat: Chat, conversation: Conversation): TemplateResult {
  const { shown } = conversation
  return html`
    <div class="messages" role="log" tabindex="0">
      ${conversation.hasOlder ? html`<button class="older quiet" @click=${() => older(chat, conversation)}>Earlier messages</button>` : nothing}
      ${shown.length === 0 ? html`<p class="empty">${localized('chat:messages_empty')}</p>` : nothing}
      <ol>
        ${repeat(
          shown,
          ({ id }) => id,
          (message, at) => messageView(chat, conversation, message, shown[at - 1]),
        )}
      </ol>
    </div>
    <p class="typing" role="status">
      ${[...conversation.typing.values()].map(({ displayName }) => `${displayName} ${localized('chat:is_typing')}`).join(', ')}
    </p>`
}

/** Loads older messages, and keeps the scroll position on those that were visible. */
async function older(chat: Chat, conversation: Conversation): Promise<void> {
  const list = document.querySelector('.messages')
  const before = list?.scrollHeight ?? 0
  await chat.attempt(() => conversation.showOlder())
  if (list) list.scrollTop += list.scrollHeight - before
}

function messageView(
  chat: Chat,
  conversation: Conversation,
  message: Message,
  previous: Message | undefined,
): TemplateResult {
  const { user } = message
  const from = user === undefined ? 'system' : user.id === chat.me.id ? 'me' : 'other'
  const isFollowing = user !== undefined && previous?.user?.id === user.id
  const parent = conversation.parents.get(message.id)
  const seen = conversation.readers.get(message.id)?.size
  const { message: features } = chat.features
  const own = chat.elements.view('message', message.id, {
    ...message,
    text: lineOf(message),
    time: clock(message.createdTime),
    isMine: from === 'me',
    isSystem: from === 'system',
    isFollowing,
    isSeen: Boolean(seen),
  })
  return html`
    <li data-id=${message.id} data-from=${from} ?data-following=${isFollowing}>
      ${from === 'other' && !isFollowing ? html`<img class="avatar" alt="" src=${user?.displayPictureUrl ?? ''}><span class="author">${user?.displayName}</span>` : nothing}
      <div class="bubble">
        ${parent ? html`<blockquote>${parent.user?.displayName ?? ''}: ${lineOf(parent)}</blockquote>` : nothing}
        ${own ?? (message.body === undefined ? nothing : html`<p>${bodyView(message)}</p>`)}
        ${message.file ? fileView(message.file, chat.grants.read) : nothing}
        ${features.links.preview === 'enabled' ? (message.links ?? []).map(previewView) : nothing}
        <span class="meta">
          <time datetime=${message.createdTime}>${clock(message.createdTime)}</time>
          ${message.lastEditedTime ? 'edited' : nothing}
          ${from === 'me' && seen && features['read-receipts'] === 'enabled' ? html`<span class="seen" title="Seen by ${seen}">✓✓</span>` : nothing}
        </span>
      </div>
      ${features.reactions === 'enabled' ? reactionsView(chat, conversation, message) : nothing}
      ${from === 'system' ? nothing : toolsView(chat, conversation, message, features)}
    </li>`
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

/** Renders text with its links and mentions, whose positions count UTF-16 code units [runtime contract 7.3]. */
function bodyView({ body = '', links = [], mentions = [] }: Message): unknown[] {
  const parts: unknown[] = []
  let at = 0
  const marks = [...links, ...mentions].sort((a, b) => a.startPosition - b.startPosition)
  for (const mark of marks) {
    if (mark.startPosition < at) continue
    const text = body.slice(mark.startPosition, mark.endPosition)
    parts.push(body.slice(at, mark.startPosition))
    parts.push('source' in mark ? linkView(mark.source, text) : html`<strong>${mentioned(mark)}</strong>`)
    at = mark.endPosition
  }
  return [...parts, body.slice(at)]
}

function linkView(source: string, text: string): TemplateResult {
  const href = /^https?:\/\//i.test(source) ? source : `https://${source}`
  return html`<a href=${href} target="_blank" rel="noopener noreferrer">${text}</a>`
}

function previewView({ source, preview }: Link): TemplateResult | typeof nothing {
  if (!preview) return nothing
  return html`
    <div class="preview">
      ${linkView(source, preview.title)}
      <small>${preview.description ?? preview.siteName ?? ''}</small>
    </div>`
}

function fileView(file: SentFile, grant: string): TemplateResult {
  const { name, contentType } = file
  const source = sourceOf(file, grant, document.baseURI)
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(contentType))
    return html`<a href=${source} target="_blank" rel="noopener"><img class="picture" alt=${name} src=${source} loading="lazy"></a>`
  if (contentType.startsWith('video/')) return html`<video controls preload="metadata" src=${source}></video>`
  if (contentType.startsWith('audio/')) return html`<audio controls preload="metadata" src=${source}></audio>`
  return html`<a class="file" href=${source} target="_blank" rel="noopener">📎 ${name}</a>`
}

function reactionsView(chat: Chat, conversation: Conversation, message: Message): TemplateResult {
  return html`
    <span class="reactions">
      ${(message.reactions ?? []).map(({ emoji, users, count }) => {
        const isMine = users.some(({ id }) => id === chat.me.id)
        const react = () =>
          chat.attempt(() => conversation.react(message, emoji.aliases[0] ?? emoji.character, isMine))
        return html`<button class="reaction" aria-pressed=${isMine} title=${users.map(({ displayName }) => displayName).join(', ')} @click=${react}>${emoji.character} ${count}</button>`
      })}
    </span>`
}

function toolsView(
  chat: Chat,
  conversation: Conversation,
  message: Message,
  features: Features['message'],
): TemplateResult {
  const react = (alias: string) => () => chat.attempt(() => conversation.react(message, alias, false))
  return html`
    <span class="tools">
      ${features.reactions === 'enabled' ? quick.map(([emoji, alias]) => html`<button aria-label="React with ${alias}" @click=${react(alias)}>${emoji}</button>`) : nothing}
      ${features.threads === 'enabled' ? html`<button aria-label="Reply" @click=${() => conversation.reply(message)}>↩</button>` : nothing}
      ${message.user?.id === chat.me.id ? html`<button aria-label="Delete" @click=${() => chat.attempt(() => conversation.remove(message))}>🗑</button>` : nothing}
    </span>`
}
