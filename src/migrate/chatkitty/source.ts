// Reads everything that the Platform API of a ChatKitty application exposes.
import { type ApiOptions, ChatKittyApi } from '#migrate/chatkitty/api.ts'
import { channelsStep } from '#migrate/chatkitty/channels.ts'
import { messagesStep } from '#migrate/chatkitty/messages.ts'
import { functionsStep, settingsStep } from '#migrate/chatkitty/settings.ts'
import { notificationsStep, usersStep } from '#migrate/chatkitty/users.ts'
import type { Source } from '#migrate/source.ts'

export interface ChatKittyOptions extends ApiOptions {
  /** Whether to read read receipts, which takes one request per message. */
  readReceipts: boolean
}

/** What the Platform API does not expose, or what is useless elsewhere. */
const limits = [
  'Ids: everything gets new ones, and the API key and the client are the new application’s.',
  'Secrets of users: the Platform API lists none of their names. Set them again.',
  'Who has blocked whom, who has muted or hidden a channel, and who has deleted a message for itself: not shown.',
  'Named threads: the Platform API lists none. What was said in them is in their channels’ main threads.',
  'Since when a message was reacted to: the reactions are there, in their order, as of the message.',
  'Sessions, jobs and runs of functions: they tell of the other service.',
]

/** @throws Refusal if the credentials are wrong */
export async function openChatKitty(options: ChatKittyOptions): Promise<Source> {
  const api = new ChatKittyApi(options)
  const { id, key } = await api.get<{ id: number; key: string }>('/application')
  return {
    name: `chatkitty ${id}`,
    applicationKey: key,
    isWhole: true,
    steps: [
      settingsStep(api),
      usersStep(api),
      channelsStep(api),
      messagesStep(api, options),
      notificationsStep(api),
      functionsStep(api),
    ],
    fetchFile: (url) => api.file(url),
    limits,
    usage: () => api.usage,
  }
}
