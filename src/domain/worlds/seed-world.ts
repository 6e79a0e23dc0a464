import type { Context } from '#context.ts'
import type { Tx } from '#data/database.ts'
import { insertFunction } from '#data/functions/functions.ts'
import { findRuntime, insertRuntime } from '#data/functions/runtimes.ts'
import { insertVersion } from '#data/functions/versions.ts'
import { findChannelIds, findUserIds } from '#data/jobs/imports.ts'
import { createRuntimeClient } from '#domain/functions/runtime/create-runtime-client.ts'
import { saveEnvironment } from '#domain/functions/runtime/save-environment.ts'
import { storeChannels } from '#domain/jobs/store-channels.ts'
import { storeMessages } from '#domain/jobs/store-messages.ts'
import { type Store, storeOnce } from '#domain/jobs/store-once.ts'
import { storeUsers } from '#domain/jobs/store-users.ts'
import { type ChatError, refused } from '#errors.ts'
import type { ChannelImport, MessageImport, SeedMessage } from '#resources/imports.ts'
import type { ImportType } from '#resources/job.ts'
import type { Seed, SeedFunction } from '#resources/worlds/seed.ts'

/**
 * Fills a world like imports: nobody is notified, and nothing is triggered. Scripts are not compiled here.
 * @throws ChatError 400 that names the item that cannot be stored; the transaction must then be rolled back
 */
export async function seedWorld(
  ctx: Context,
  tx: Tx,
  world: { id: number; apiKey: string },
  { users, channels, messages, functions }: Seed,
): Promise<void> {
  const importAll = <I extends { idempotencyKey?: string | undefined }>(
    type: ImportType,
    place: string,
    store: Store<I>,
    items: I[],
  ) => importItems(tx, { applicationId: world.id, type }, place, store, items)
  await importAll('USER_IMPORT', 'users', storeUsers, users)
  await mustKnowMembers(tx, world.id, channels)
  await importAll('CHANNEL_IMPORT', 'channels', storeChannels, channels)
  await importAll('MESSAGE_IMPORT', 'messages', storeMessages, await placed(tx, world.id, messages))
  if (functions.length > 0) await seedFunctions(ctx, tx, world, functions)
}

async function importItems<I extends { idempotencyKey?: string | undefined }>(
  tx: Tx,
  target: { applicationId: number; type: ImportType },
  place: string,
  store: Store<I>,
  items: I[],
): Promise<void> {
  if (items.length === 0) return
  const numbered = items.map((item, index) => ({ index, item }))
  const [error] = await storeOnce(tx, target, numbered, store)
  if (error) throw wrong(`${place}[${error.index}]`, error.reason)
}

async function mustKnowMembers(tx: Tx, applicationId: number, channels: ChannelImport[]): Promise<void> {
  const named = channels.flatMap(({ creator, members }, at) => [
    ...(creator === undefined ? [] : [{ place: `channels[${at}].creator`, name: creator }]),
    ...members.map((name, member) => ({ place: `channels[${at}].members[${member}]`, name })),
  ])
  const users = await findUserIds(
    tx,
    applicationId,
    named.map(({ name }) => name),
  )
  const unknown = named.find(({ name }) => !users.has(name))
  if (unknown) throw wrong(unknown.place, `user ${unknown.name} does not exist`)
}

/** Returns the messages with the ids of their channels. */
async function placed(tx: Tx, applicationId: number, messages: SeedMessage[]): Promise<MessageImport[]> {
  const names = [...new Set(messages.map(({ channel }) => channel))]
  const authors = [...new Set(messages.flatMap((message) => ('user' in message ? message.user : [])))]
  const channels = await findChannelIds(tx, applicationId, names)
  const users = await findUserIds(tx, applicationId, authors)
  return messages.map(({ channel, ...message }, at) => {
    const channelId = channels.get(channel)
    if (channelId === undefined) {
      throw wrong(`messages[${at}].channel`, `channel ${channel} does not exist`)
    }
    if ('user' in message && !users.has(message.user)) {
      throw wrong(`messages[${at}].user`, `user ${message.user} does not exist`)
    }
    return { ...message, channelId }
  })
}

async function seedFunctions(
  ctx: Context,
  tx: Tx,
  { id, apiKey }: { id: number; apiKey: string },
  functions: SeedFunction[],
): Promise<void> {
  if (await insertRuntime(tx, id)) {
    const client = await createRuntimeClient(tx, { id, key: apiKey })
    await saveEnvironment(ctx, tx, id, { ...client, variables: {} })
  }
  const runtime = await findRuntime(tx, id)
  for (const { name, event: type, script } of functions) {
    const created = await insertFunction(tx, id, runtime?.id ?? 0, { type, name })
    await insertVersion(tx, id, created.id, script)
  }
}

function wrong(place: string, reason: string): ChatError {
  const field = `seed.${place}`
  return refused('world', field, 'invalid', `${field}: ${reason}`)
}
