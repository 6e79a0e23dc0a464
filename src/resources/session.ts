import { z } from 'zod'
import { defineResource, Id, Timestamp } from '#resources/define.ts'
import { User } from '#resources/user.ts'

export const SessionState = z.enum(['ACTIVE', 'ENDED'])
export type SessionState = z.output<typeof SessionState>

/** The connection of one device of a user. */
const UserSessionShape = z
  .object({
    id: Id,
    state: SessionState,
    user: User,
    userAgent: z.string().optional(),
    createdTime: Timestamp,
    endTime: Timestamp.optional(),
  })
  .meta({ id: 'ChatUserSessionProperties' })
export type UserSession = z.output<typeof UserSessionShape>

export const userSessionResource = defineResource({
  name: 'user_session',
  collection: 'sessions',
  component: 'ChatUserSessionResource',
  shape: UserSessionShape,
  links: {
    self: (session) => `/user-sessions/${session.id}`,
    user: (session) => `/users/${session.user.id}`,
    application: () => '',
  },
})

/** The presence of a user session in one channel. */
const ChatSessionShape = z.object({
  id: Id,
  state: SessionState,
  session: UserSessionShape,
  createdTime: Timestamp,
  endTime: Timestamp.optional(),
})
/** The channel's id is needed for its link. */
export type ChatSession = z.output<typeof ChatSessionShape> & { channelId: number }

export const chatSessionResource = defineResource<typeof ChatSessionShape, ChatSession>({
  name: 'chat_session',
  collection: 'sessions',
  component: 'ChatSessionResource',
  shape: ChatSessionShape,
  links: {
    session: (chat) => `/user-sessions/${chat.session.id}`,
    channel: (chat) => `/channels/${chat.channelId}`,
    application: () => '',
  },
})
