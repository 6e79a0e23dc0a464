// Users, channels, messages and reports as moderators see them.
import { z } from 'zod'
import { ChannelType } from '#resources/channel.ts'
import { Amount, GivenTime, Id, Properties, Text, Timestamp } from '#resources/define.ts'
import { Message } from '#resources/message.ts'
import { User } from '#resources/user.ts'

const reasonMax = 512

export const Ban = z
  .object({
    until: Timestamp.optional().describe('Time at which the ban ends. Absent if it does not end by itself'),
    reason: z.string().optional().describe('Reason that the user is shown'),
    createdBy: z.string().describe('Name of the actor who banned the user, as it was at that time'),
    createdTime: Timestamp,
  })
  .meta({ id: 'Ban' })
export type Ban = z.output<typeof Ban>

export const BanUser = z
  .object({
    until: GivenTime.optional().describe('Time at which the ban ends. If absent, it does not end'),
    reason: Text(reasonMax).optional().describe('Reason that the user is shown'),
  })
  .meta({ id: 'BanUser' })
export type BanUser = z.output<typeof BanUser>

export const AdminUser = User.extend({
  createdTime: Timestamp,
  ban: Ban.optional().describe('Current ban. Absent if the user is not banned'),
}).meta({ id: 'User' })
export type AdminUser = z.output<typeof AdminUser>

export const AdminChannel = z
  .object({
    id: Id,
    type: ChannelType,
    name: z.string(),
    displayName: z.string(),
    creator: User.optional(),
    properties: Properties,
    messagesPersisted: z
      .boolean()
      .describe('Whether messages of the channel are kept, and not only delivered'),
    counts: z.object({ members: Amount, messages: Amount }),
    createdTime: Timestamp,
  })
  .meta({ id: 'Channel' })
export type AdminChannel = z.output<typeof AdminChannel>

export const PatchChannel = z.object({ messagesPersisted: z.boolean() }).meta({ id: 'PatchChannel' })

export const ReportState = z.enum(['open', 'resolved'])
export type ReportState = z.output<typeof ReportState>

const Resolution = z.enum(['keep', 'delete'])
export type Resolution = z.output<typeof Resolution>

export const Report = z
  .object({
    id: Id,
    state: ReportState,
    reason: z.string(),
    properties: Properties,
    reporter: User.optional().describe('User who reported the message. Absent once they are deleted'),
    messageId: Id,
    channelId: Id,
    message: Message.optional().describe('Reported message. Absent once it is deleted'),
    createdTime: Timestamp,
    resolution: z
      .object({
        action: Resolution,
        by: z.string().describe('Name of the actor who resolved the report, as it was at that time'),
        time: Timestamp,
      })
      .optional(),
  })
  .meta({ id: 'Report' })
export type Report = z.output<typeof Report>

export const ResolveReport = z
  .object({
    action: Resolution.describe('Whether to keep or delete the message. `delete` deletes it for everybody'),
  })
  .meta({ id: 'ResolveReport' })
