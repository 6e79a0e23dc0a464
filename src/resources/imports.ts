// Items of import files. Parsing is as lenient as the samples in the documentation require (contract h7): fields that a
// sample omits have a default.
import { z } from 'zod'
import { Id, isWithin53Bits, Properties, RequiredText, sameInBothSpellings, Text } from '#resources/define.ts'
import { bodyMax, ExternalFile } from '#resources/message.ts'
import { nameMax } from '#resources/user.ts'

/** Maximum size of an item in bytes. */
export const importItemMax = 1_048_576

/**
 * Identifies repetitions of an item; older clients call it `id` and may send a number (contract d). Beyond 2^53, where
 * different numbers are parsed as the same, another item would be taken for a repetition.
 */
const idempotencyKey = () =>
  z.preprocess((key, context) => {
    if (typeof key !== 'number') return key
    if (isWithin53Bits(key)) return String(key)
    context.addIssue({ code: 'custom', message: 'numbers beyond 2^53 must be sent as text' })
    return z.NEVER
  }, RequiredText(nameMax).optional())

const retry = { idempotencyKey: idempotencyKey().register(sameInBothSpellings, { also: ['id'] }) }
const properties = Properties.default({})
const Username = RequiredText(nameMax)

const FileImport = z
  .object({ ...ExternalFile.shape, idempotencyKey: idempotencyKey() })
  .meta({ id: 'FileImport' })

export const UserImport = z
  .object({
    name: RequiredText(nameMax),
    displayName: RequiredText(nameMax),
    guest: z
      .boolean()
      .register(sameInBothSpellings, { also: ['isGuest', 'is_guest'] })
      .default(false),
    displayPicture: FileImport.optional(),
    properties,
    ...retry,
  })
  .meta({ id: 'ChatUserImport' })
export type UserImport = z.output<typeof UserImport>

const channel = {
  /** Usernames of the members. */
  members: z.array(Username).default([]),
  creator: Username.optional(),
  properties,
  ...retry,
}
const group = {
  name: RequiredText(nameMax).optional(),
  displayName: RequiredText(nameMax).optional(),
}

export const ChannelImport = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('DIRECT'), ...channel }).meta({ id: 'DirectChannelImport' }),
    z.object({ type: z.literal('PUBLIC'), ...channel, ...group }).meta({ id: 'PublicChannelImport' }),
    z.object({ type: z.literal('PRIVATE'), ...channel, ...group }).meta({ id: 'PrivateChannelImport' }),
  ])
  .meta({ id: 'ChannelImport' })
export type ChannelImport = z.output<typeof ChannelImport>

export const MemberImport = z.object({ username: Username, ...retry }).meta({ id: 'ChannelMembershipImport' })
export type MemberImport = z.output<typeof MemberImport>

const message = {
  channelId: Id,
  body: RequiredText(bodyMax),
  groupTag: Text(nameMax).optional(),
  properties,
  ...retry,
}

const TextImport = z
  .object({ type: z.literal('TEXT'), user: Username, ...message })
  .meta({ id: 'TextChatUserMessageImport' })
const SystemTextImport = z
  .object({ type: z.literal('SYSTEM_TEXT'), ...message })
  .meta({ id: 'TextSystemMessageImport' })

export const MessageImport = z
  .discriminatedUnion('type', [TextImport, SystemTextImport])
  .meta({ id: 'MessageImport' })
export type MessageImport = z.output<typeof MessageImport>

const place = { channel: RequiredText(nameMax) }

/** As in an import, but with the channel's name in place of its id (testing contract 2). */
export const SeedMessage = z.discriminatedUnion('type', [
  TextImport.omit({ channelId: true }).extend(place),
  SystemTextImport.omit({ channelId: true }).extend(place),
])
export type SeedMessage = z.output<typeof SeedMessage>
