// People in channels of each type, as callers of verbs.
import { v4 as uuid } from 'uuid'
import { expect } from 'vitest'
import type { UserCaller } from '#domain/access/caller.ts'
import { createChannel } from '#domain/channels/create-channel.ts'
import { listChannelMembers } from '#domain/channels/members/list-channel-members.ts'
import type { SeenChannel } from '#resources/channel.ts'
import type { EventType } from '#resources/events.ts'
import { callerOf, deliveredEvents } from '../../support/as-user.ts'
import { createUser, several } from '../../support/factories.ts'
import type { TestServer } from '../../support/server.ts'

export const page = { number: 0, size: 25, sort: [] }
export const idsOf = (items: { id: number }[]) => items.map(({ id }) => id).sort((a, b) => a - b)
export const causeOf = ({ userId, session, receipt }: UserCaller) => ({ by: userId, session, receipt })
export const payloadsOf = async (server: TestServer, type: EventType, { id }: SeenChannel) =>
  (await deliveredEvents(server, type))
    .filter(({ channelId }) => channelId === id)
    .map(({ payload }) => payload)

export type Refusal = [who: string, kind: string, act: () => Promise<unknown>]
export const refuses = (refusals: Refusal[]) =>
  Promise.all(
    refusals.map(async ([who, kind, act]) => {
      const error = await act().then(
        () => ({ kind: 'nothing' }),
        (error) => error,
      )
      expect({ who, kind: error.kind }).toEqual({ who, kind })
    }),
  )

/** A moderator, another member and an outsider of a public and a private channel; the first two have a direct one. */
export async function peopleInChannels(server: TestServer) {
  const users = await several(3, () => createUser(server.main))
  const callers = users.map((user) => callerOf(server.main, user, uuid()))
  const [moderator, member, outsider] = callers as [UserCaller, UserCaller, UserCaller]
  const members = [{ id: member.userId }]
  const [open, closed, direct] = (await Promise.all(
    (['PUBLIC', 'PRIVATE', 'DIRECT'] as const).map(
      async (type) => (await createChannel(server.ctx, moderator, { type, members })).channel,
    ),
  )) as [SeenChannel, SeenChannel, SeenChannel]
  const membersOf = async (id: number) =>
    idsOf((await listChannelMembers(server.ctx, moderator, id, page)).items)
  const bothIds = () => idsOf([{ id: moderator.userId }, { id: member.userId }])
  return { moderator, member, outsider, open, closed, direct, membersOf, bothIds }
}

export type PeopleInChannels = Awaited<ReturnType<typeof peopleInChannels>>
