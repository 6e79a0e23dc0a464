// Runs an export and defines its columns.
import type { Context } from '#context.ts'
import type { RunningJob } from '#domain/jobs/begin-job.ts'
import {
  exportFacts,
  type Format,
  type Formats,
  type MessageFacts,
  type UserFacts,
} from '#domain/jobs/export-facts.ts'
import { csvHeader, csvRows } from '#wire/csv.ts'

export function runExport(ctx: Context, job: RunningJob, signal: AbortSignal): Promise<void> {
  return exportFacts(ctx, job, formats, signal)
}

const messageColumns: Record<keyof MessageFacts, string> = {
  id: 'message_id',
  type: 'type',
  createdTime: 'created_time',
  lastEditedTime: 'last_edited_time',
  channelId: 'channel_id',
  channelType: 'channel_type',
  channelName: 'channel_name',
  threadId: 'thread_id',
  nestedLevel: 'nested_level',
  userId: 'user_id',
  username: 'username',
  userDisplayName: 'user_display_name',
  body: 'body',
  groupTag: 'group_tag',
  fileName: 'file_name',
  fileContentType: 'file_content_type',
  fileSize: 'file_size',
  mentionCount: 'mentions',
  linkCount: 'links',
  reactionCount: 'reactions',
  reportCount: 'reports',
  properties: 'properties',
}

const userColumns: Record<keyof UserFacts, string> = {
  id: 'user_id',
  type: 'type',
  name: 'username',
  displayName: 'display_name',
  isGuest: 'is_guest',
  createdTime: 'created_time',
  channelCount: 'channels',
  messageCount: 'messages_sent',
  firstMessageTime: 'first_message_time',
  lastMessageTime: 'last_message_time',
  properties: 'properties',
}

const formats: Formats = {
  MESSAGE_ANALYTICS_EXPORT: csv('message-analytics.csv', messageColumns),
  USER_ANALYTICS_EXPORT: csv('user-analytics.csv', userColumns),
}

function csv<F extends object>(name: string, columns: Record<keyof F & string, string>): Format<F> {
  return {
    name,
    contentType: 'text/csv',
    head: csvHeader(columns),
    rows: (facts) => csvRows(columns, facts),
  }
}
