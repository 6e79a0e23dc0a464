import { v4 as uuid } from 'uuid'
import { memberSetOf } from '#data/channels/channel-changes.ts'
import type { Tx } from '#data/database.ts'
import { count, tally } from '#data/events/counters.ts'
import {
  findUserIds,
  type ImportedChannel,
  insertChannels,
  insertImportedMembers,
} from '#data/jobs/imports.ts'
import type { ImportTarget, Numbered } from '#domain/jobs/store-once.ts'
import { directMembersMax } from '#resources/channel.ts'
import type { ChannelImport } from '#resources/imports.ts'
import type { JobError } from '#resources/job.ts'

interface Described {
  index: number
  channel: ImportedChannel
  memberIds: number[]
}

/** Creates channels by the rules of createChannel: if an equivalent one exists, the item counts as done. */
export async function storeChannels(
  tx: Tx,
  { applicationId }: ImportTarget,
  items: Numbered<ChannelImport>[],
): Promise<JobError[]> {
  const names = new Set(items.flatMap(({ item }) => [...item.members, item.creator ?? []].flat()))
  const users = await findUserIds(tx, applicationId, [...names])
  const errors: JobError[] = []
  const described = items.flatMap(({ index, item }) => {
    const found = describe(item, users)
    if (typeof found !== 'string') return [{ index, ...found }]
    errors.push({ index, reason: found })
    return []
  })
  const outcomes = await insertChannels(
    tx,
    applicationId,
    described.map(({ channel }) => channel),
  )
  const members = described.flatMap(({ index, channel, memberIds }, at) => {
    const outcome = outcomes[at]
    if (outcome && 'id' in outcome) {
      const isModerator = (userId: number) => channel.type !== 'DIRECT' && userId === channel.creatorId
      return memberIds.map((userId) => ({ channelId: outcome.id, userId, moderator: isModerator(userId) }))
    }
    if (outcome?.existing !== channel.type) {
      errors.push({ index, reason: `A channel named ${channel.name} exists already` })
    }
    return []
  })
  const joined = await insertImportedMembers(tx, members)
  const created = described.filter((_, at) => 'id' in (outcomes[at] ?? {})).map(({ channel }) => channel)
  await count(tx, [
    { type: 'channel.created', applicationId, count: created.length },
    {
      type: 'channel.public.created',
      applicationId,
      count: created.filter(({ type }) => type === 'PUBLIC').length,
    },
    ...tally(joined).map(([channelId, count]) => ({
      type: 'channel.member.joined' as const,
      applicationId,
      channelId,
      count,
    })),
  ])
  return errors
}

/** Returns the channel that an item describes, or the reason why it is invalid. */
function describe(item: ChannelImport, users: Map<string, number>): Omit<Described, 'index'> | string {
  const wanted = [...new Set([...item.members, ...(item.creator === undefined ? [] : [item.creator])])]
  const unknown = wanted.find((name) => !users.has(name))
  if (unknown !== undefined) return `user ${unknown} does not exist`
  const memberIds = wanted.flatMap((name) => users.get(name) ?? [])
  const common = {
    type: item.type,
    creatorId: item.creator === undefined ? null : (users.get(item.creator) ?? null),
    properties: item.properties,
  }
  if (item.type !== 'DIRECT') {
    const name = item.name ?? uuid()
    const displayName = item.displayName ?? name
    return { channel: { name, displayName, memberSet: null, ...common }, memberIds }
  }
  if (memberIds.length === 0) return 'A direct channel needs members'
  if (memberIds.length > directMembersMax) {
    return `A direct channel has ${directMembersMax} members at most`
  }
  const name = uuid()
  const memberSet = memberSetOf(memberIds.map((id) => ({ id })))
  return { channel: { name, displayName: name, memberSet, ...common }, memberIds }
}
