import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { memberSetOf } from '#data/channels/channel-changes.ts'
import { count } from '#data/events/counters.ts'
import { endItems, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
import { drawNumbers } from '#data/moving/numbers.ts'
import {
  findMovedChannels,
  insertMovedChannels,
  type MovedPlace,
  updateMovedChannels,
} from '#data/moving/places.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { MovedChannel } from '#resources/moving.ts'

/**
 * Creates channels, or makes them what they are elsewhere now. A group of the same name and type, and a direct channel
 * of the same members, that are here already are taken for the same.
 */
export async function writeChannels(
  ctx: Context,
  move: Move,
  items: PendingItem<MovedChannel>[],
): Promise<Problem[]> {
  const { applicationId } = move
  const problems: Problem[] = []
  await ctx.db.transact(async (tx) => {
    problems.length = 0
    const people = await idsOfItems(
      tx,
      move,
      'user',
      items.flatMap(({ content }) => [...content.members, content.creator ?? []].flat()),
    )
    const numbers = await drawNumbers(tx, 'channel', items.length)
    const wanted = items.flatMap(({ key, id, content }, at) => {
      const unknown = content.members.find((member) => !people.has(member))
      if (unknown === undefined) {
        const isNew = id === null
        return [{ key, isNew, place: placeOf(content, id ?? (numbers[at] as number), people) }]
      }
      problems.push({ key, reason: `its member ${unknown} could not be carried` })
      return []
    })
    const known = wanted.filter(({ isNew }) => !isNew)
    await updateMovedChannels(
      tx,
      applicationId,
      known.map(({ place }) => place),
    )
    const fresh = wanted.filter(({ isNew }) => isNew)
    const places = fresh.map(({ place }) => place)
    const created = new Set(await insertMovedChannels(tx, applicationId, places))
    const others = places.filter(({ id }) => !created.has(id))
    const existing = await findMovedChannels(
      tx,
      applicationId,
      others.map(({ name }) => name),
      others.flatMap(({ memberSet }) => memberSet ?? []),
    )
    const done = fresh.flatMap(({ key, place }) => {
      if (created.has(place.id)) return [{ key, id: place.id }]
      const same = existing.find(({ name, memberSet }) =>
        place.memberSet === null ? name === place.name : memberSet === place.memberSet,
      )
      if (same?.type === place.type) return [{ key, id: same.id }]
      problems.push({ key, reason: `a ${same?.type} channel named ${place.name} is here already` })
      return []
    })
    await endItems(tx, move, 'channel', [...known.map(({ key }) => ({ key })), ...done])
    const ofPublic = places.filter(({ id, type }) => created.has(id) && type === 'PUBLIC')
    await count(tx, [
      { type: 'channel.created', applicationId, count: created.size },
      { type: 'channel.public.created', applicationId, count: ofPublic.length },
    ])
  })
  return problems
}

function placeOf(channel: MovedChannel, id: number, people: Map<string, number>): MovedPlace {
  const { type, members, properties, createdTime } = channel
  const name = (type === 'DIRECT' ? undefined : channel.name) ?? uuid()
  const memberIds = [...new Set(members.flatMap((member) => people.get(member) ?? []))]
  return {
    id,
    type,
    name,
    displayName: channel.displayName ?? name,
    memberSet: type === 'DIRECT' ? memberSetOf(memberIds.map((each) => ({ id: each }))) : null,
    creatorId: people.get(channel.creator ?? '') ?? null,
    properties,
    createdTime,
  }
}
