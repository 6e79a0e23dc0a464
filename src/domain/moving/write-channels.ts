import { v4 as uuid } from 'uuid'
import type { Context } from '#context.ts'
import { memberSetOf } from '#data/channels/channel-changes.ts'
import type { Tx } from '#data/database.ts'
import { count } from '#data/events/counters.ts'
import { endItems, findWrittenIds, idsOfItems, type Move, type PendingItem } from '#data/moving/items.ts'
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
 * Creates channels, or updates them to their state in the source. Existing groups of the same name and type, and direct
 * channels of the same members, are taken for the same.
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
    const created: MovedPlace[] = []
    const done: { key: string; id: number }[] = []
    let fresh = wanted.filter(({ isNew }) => isNew)
    while (fresh.length > 0) {
      const outcome = await createOrFind(tx, move, fresh, new Set(done.map(({ id }) => id)))
      created.push(...outcome.created)
      done.push(...outcome.done)
      problems.push(...outcome.problems)
      fresh = outcome.again
    }
    await endItems(tx, move, 'channel', [...known.map(({ key }) => ({ key })), ...done])
    const ofPublic = created.filter(({ type }) => type === 'PUBLIC')
    await count(tx, [
      { type: 'channel.created', applicationId, count: created.length },
      { type: 'channel.public.created', applicationId, count: ofPublic.length },
    ])
  })
  return problems
}

interface Wanted {
  key: string
  isNew: boolean
  place: MovedPlace
}

/**
 * Creates channels, or finds existing ones. A channel that another channel of the source was mapped to does not count:
 * two direct channels whose other members are gone show the same members, but are separate conversations. The second is
 * returned in `again`, with a 0 among its members for a user who no longer exists.
 * @param given ids that this batch has already assigned
 */
async function createOrFind(tx: Tx, move: Move, wanted: Wanted[], given: Set<number>) {
  const { applicationId } = move
  const problems: Problem[] = []
  const places = wanted.map(({ place }) => place)
  const isCreated = new Set(await insertMovedChannels(tx, applicationId, places))
  const others = places.filter(({ id }) => !isCreated.has(id))
  const existing = await findMovedChannels(
    tx,
    applicationId,
    others.map(({ name }) => name),
    others.flatMap(({ memberSet }) => memberSet ?? []),
  )
  const ids = existing.map(({ id }) => id)
  const taken = new Set([...given, ...isCreated, ...(await findWrittenIds(tx, move, 'channel', ids))])
  const done: { key: string; id: number }[] = []
  const again: Wanted[] = []
  for (const each of wanted) {
    const { key, place } = each
    const same = existing.find(({ name, memberSet }) =>
      place.memberSet === null ? name === place.name : memberSet === place.memberSet,
    )
    if (isCreated.has(place.id)) done.push({ key, id: place.id })
    else if (same && !taken.has(same.id) && same.type === place.type) {
      taken.add(same.id)
      done.push({ key, id: same.id })
    } else if (place.memberSet !== null) {
      again.push({ ...each, place: { ...place, memberSet: `0,${place.memberSet}` } })
    } else {
      problems.push({ key, reason: `another channel named ${place.name} is here already` })
    }
  }
  return { created: places.filter(({ id }) => isCreated.has(id)), done, again, problems }
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
