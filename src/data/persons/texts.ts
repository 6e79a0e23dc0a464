// Where text that may name a person is, in rows that others wrote or that repeat what the person wrote. Everything else
// is ours: a person chooses their name, and one who is called `key` or `HOSTED` must not change what rows mean.
import type { MovedKind } from '#resources/moving.ts'

/** What people write in a column, or in a member of our own JSON. */
export type Texts =
  /** Text. */
  | 'text'
  /** A URL: all that follows its scheme. Of a path of ours, only the name at its end. */
  | 'url'
  /** A presence status: text, unless it is one of the known ones. */
  | 'status'
  /** JSON of customers and users, who also choose its keys. */
  | 'own'
  /** Every element of an array. */
  | readonly [Texts]
  /** These members of an object, and no others. */
  | { readonly [member: string]: Texts }

const user = {
  name: 'text',
  displayName: 'text',
  displayPictureUrl: 'url',
  presence: { status: 'status' },
  properties: 'own',
} as const satisfies Texts

const file = { name: 'text', url: 'url' } as const satisfies Texts

/** The source is a part of the body, and remains one. */
const links = [
  {
    source: 'text',
    preview: {
      url: 'url',
      title: 'text',
      image: { source: 'url' },
      description: 'text',
      siteName: 'text',
    },
  },
] as const satisfies Texts

const group = { name: 'text', displayName: 'text', creator: user, properties: 'own' } as const satisfies Texts

const message = {
  body: 'text',
  groupTag: 'text',
  file,
  links,
  mentions: [{ tag: 'text', user, channel: group }],
  reactions: [{ users: [user] }],
  user,
  properties: 'own',
} as const satisfies Texts

/** Of an event, a function run or a webhook delivery. Most have only ids. */
const payload = {
  user,
  channel: { ...group, members: [user], lastReceivedMessage: message },
  message,
  event: { properties: 'own' },
  report: { reason: 'text', properties: 'own' },
  reason: 'text',
  error: { message: 'text' },
} as const satisfies Texts

/**
 * Of the body of a webhook, whose data is a subject, an object of subjects, or the event's payload; see webhook-bodies.ts.
 */
export const webhookBody = {
  data: { ...group, members: [user], lastReceivedMessage: message, ...user, ...message, ...payload },
} as const satisfies Texts

/**
 * By table and column. Not what customers wrote for machines, such as scripts, styles and templates, nor the names of
 * operators and of their keys in what they did.
 */
export const texts: Record<string, Record<string, Texts>> = {
  application: { name: 'text', properties: 'own' },
  user: { presence_status: 'status', properties: 'own' },
  user_ban: { reason: 'text' },
  channel: { name: 'text', display_name: 'text', properties: 'own' },
  thread: { name: 'text', properties: 'own' },
  message: {
    body: 'text',
    group_tag: 'text',
    file,
    mentions: [{ tag: 'text' }],
    links,
    properties: 'own',
  },
  message_report: { reason: 'text', properties: 'own' },
  resolved_report: { reason: 'text', properties: 'own' },
  notification: { title: 'text', body: 'text' },
  user_session: { user_agent: 'text' },
  file: { name: 'text' },
  job: { errors: [{ reason: 'text' }] },
  function: { description: 'text' },
  function_invocation: {
    args: 'own',
    result: { payload: 'own', error: { message: 'text', stack: 'text' } },
    logs: [{ text: 'text' }],
  },
  webhook: { description: 'text' },
  webhook_delivery: { payload, attempts: [{ error: 'text', answer: 'text' }] },
  function_run: { payload },
  event_log: { payload },
  outbox_event: { payload },
  audit_entry: { details: { name: 'text', reason: 'text', url: 'url' } },
}

/** Of the items of a move that are yet to be written, by kind; see resources/moving.ts. */
export const movedTexts: Partial<Record<MovedKind, Texts>> = {
  settings: { properties: 'own' },
  user: { presenceStatus: 'status', properties: 'own' },
  picture: { url: 'url' },
  channel: { name: 'text', displayName: 'text', properties: 'own' },
  message: { body: 'text', file, groupTag: 'text', mentions: [{ tag: 'text' }], links, properties: 'own' },
  notification: { title: 'text', body: 'text' },
  function: { description: 'text' },
}

/** Where the items of a move refer to users and messages by their keys. */
export const movedKeys: Partial<Record<MovedKind, Texts>> = {
  channel: { creator: 'text', members: ['text'] },
  message: { user: 'text', mentions: [{ key: 'text' }], reactions: [{ users: ['text'] }] },
  member: { user: 'text' },
  invite: { user: 'text' },
  receipts: { author: 'text', readers: [{ user: 'text' }] },
  notification: { recipient: 'text', message: 'text' },
}
