// Writes the items that were read, kind by kind, through the verbs of the domain.
import type { Context } from '#context.ts'
import { fetchFiles } from '#domain/moving/fetch-files.ts'
import type { FetchFile } from '#domain/moving/fetch-to-store.ts'
import type { Problem } from '#domain/moving/stage-items.ts'
import type { PendingItem, Staging } from '#domain/moving/staging.ts'
import { writeChannels } from '#domain/moving/write-channels.ts'
import { writeFunction } from '#domain/moving/write-function.ts'
import { writeMembers } from '#domain/moving/write-members.ts'
import { writeMessages } from '#domain/moving/write-messages.ts'
import { writeMovedNotifications } from '#domain/moving/write-moved-notifications.ts'
import { writeMovedSettings } from '#domain/moving/write-moved-settings.ts'
import { writePicture } from '#domain/moving/write-picture.ts'
import { writeReceipts } from '#domain/moving/write-receipts.ts'
import { writeRuntime } from '#domain/moving/write-runtime.ts'
import { writeUsers } from '#domain/moving/write-users.ts'
import { kindOf, noteNotCarried, type Report } from '#migrate/report.ts'
import { type Moved, type MovedKind, movedKinds } from '#resources/moving.ts'

type Write<K extends MovedKind> = (items: PendingItem<Moved<K>>[]) => Promise<Problem[]>
type Writers = { [K in Exclude<MovedKind, 'receipts'>]: Write<K> }

/** The kinds for which items that no longer exist at the source are reported. */
export const vanishingKinds = ['user', 'channel', 'member', 'message', 'function'] as const

const titles: Record<MovedKind, string> = {
  settings: 'settings',
  user: 'users',
  picture: 'pictures',
  channel: 'channels',
  message: 'messages',
  member: 'members',
  invite: 'invites',
  receipts: 'read receipts',
  notification: 'notifications',
  runtime: 'runtime',
  function: 'functions',
}

export type OnProgress = (
  part: { title: string; unit: string } | undefined,
  done: number,
  total?: number,
) => void

/** Writes all items. Those that cannot be written are reported, and retried by the next run. */
export async function writeAll(
  ctx: Context,
  staging: Staging,
  fetchFile: FetchFile,
  report: Report,
  onProgress: OnProgress,
): Promise<void> {
  const { move } = staging
  const each =
    <T>(write: (item: T) => Promise<Problem[]>) =>
    async (items: T[]) => {
      const problems: Problem[] = []
      for (const item of items) problems.push(...(await write(item)))
      return problems
    }
  const writers: Writers = {
    settings: each((item) => writeMovedSettings(ctx, move, item)),
    user: (items) => writeUsers(ctx, move, items),
    picture: each((item) => writePicture(ctx, move, item, fetchFile)),
    channel: (items) => writeChannels(ctx, move, items),
    async message(items) {
      const { files, problems } = await fetchFiles(ctx, move, items, fetchFile)
      for (const problem of problems) noteNotCarried(report, { kind: 'file', ...problem })
      return writeMessages(ctx, move, items, files)
    },
    member: (items) => writeMembers(ctx, move, 'member', items),
    invite: (items) => writeMembers(ctx, move, 'invite', items),
    notification: (items) => writeMovedNotifications(ctx, move, items),
    runtime: each((item) => writeRuntime(ctx, move, item)),
    function: each((item) => writeFunction(ctx, move, item)),
  }
  for (const kind of Object.keys(movedKinds) as MovedKind[]) {
    const total = await staging.countPending(kind)
    if (total === 0) continue
    const part = { title: `Writing ${titles[kind]}`, unit: titles[kind] }
    let done = 0
    const advance = (count: number, problems: Problem[]) => {
      done += count
      kindOf(report, kind).written += count - problems.length
      for (const problem of problems) noteNotCarried(report, { kind, ...problem })
      onProgress(part, done, total)
    }
    if (kind === 'receipts') {
      for (const channel of await staging.channelsWithReceipts()) {
        advance(await writeReceipts(ctx, move, channel), [])
      }
    } else {
      const write = writers[kind] as Write<MovedKind>
      for await (const items of staging.pending(kind)) advance(items.length, await write(items))
    }
    onProgress(undefined, 0)
  }
}
