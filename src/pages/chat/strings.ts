// The texts of the chat, by the names under which a page can replace them through loadChatUi.

const own = {
  'chat:channels_empty': 'No chats yet',
  'chat:channel_empty': 'Choose a chat',
  'chat:messages_empty': 'No messages yet',
  'chat:type_message': 'Type a message',
  'chat:search': 'Find a channel',
  'chat:is_online': 'is online',
  'chat:is_typing': 'is typing …',
  'chat:menu_action:mark_as_read': 'Mark as read',
}

export type StringName = keyof typeof own

const current: Record<string, string> = { ...own }

export function setStrings(strings: Record<string, string>): void {
  Object.assign(current, strings)
}

export function localized(name: StringName): string {
  return current[name] ?? own[name]
}
