// The implementation of the commands about data: retention, and the data of a person.

import { applicationFor, type Inside, withAdmin } from '#cli/admin.ts'
import { userNamed } from '#cli/admin-actions.ts'
import { type Output, print, UsageError } from '#cli/output.ts'
import { adminPrefix } from '#resources/admin/address.ts'
import type { Retention, RetentionPreview } from '#resources/admin/retention.ts'
import type { AnyJob } from '#resources/job.ts'

const settings = {
  messages: 'messagesDays',
  directMessages: 'directMessagesDays',
  files: 'filesDays',
  inactiveChannels: 'inactiveChannelsDays',
} as const

/** Prints how long data is kept, after applying the given changes. */
export async function retention(
  { application, server, ...given }: Inside & { [K in keyof typeof settings]?: string },
  output: Output,
): Promise<void> {
  const changes = Object.fromEntries(
    Object.entries(given).map(([name, days]) => [settings[name as keyof typeof settings], daysOf(days)]),
  )
  const kept: Retention = await withAdmin(server === undefined ? {} : { server }, async (call) => {
    const params = { id: await applicationFor(call, application) }
    const isChanged = Object.keys(changes).length > 0
    const found = isChanged
      ? await call('updateSettings', { params, body: { retention: changes } })
      : await call('retrieveSettings', { params })
    return found.retention
  })
  const lines = Object.values(settings).map(
    (name) => `${name}: ${kept[name] === undefined ? 'for ever' : kept[name]}`,
  )
  print(output, kept, lines.join('\n'))
}

function daysOf(days: string): number | null {
  if (days === 'off') return null
  if (/^[1-9]\d*$/.test(days)) return Number(days)
  throw new UsageError(`${days} is neither a number of days nor off`)
}

export async function previewRetention({ application, ...options }: Inside, output: Output): Promise<void> {
  const preview: RetentionPreview = await withAdmin(options, async (call) =>
    call('previewRetention', { params: { id: await applicationFor(call, application) } }),
  )
  const { messages, directMessages, files, channels } = preview
  const text = `The next run would remove ${messages} messages, ${directMessages} direct messages, ${files} files and ${channels} channels.`
  print(output, preview, text)
}

export async function runRetention({ application, ...options }: Inside, output: Output): Promise<void> {
  const job: AnyJob = await withAdmin(options, async (call) =>
    call('runRetention', { params: { id: await applicationFor(call, application) } }),
  )
  print(output, job, `Job ${job.id} removes expired data once a server runs.`)
}

export async function exportUser(
  user: string,
  { application, ...options }: Inside,
  output: Output,
): Promise<void> {
  const { job, id } = await withAdmin(options, async (call) => {
    const params = await userNamed(call, application, user)
    return { job: (await call('exportUser', { params })) as AnyJob, id: params.id }
  })
  const path = `${adminPrefix}/applications/${id}/jobs/${job.id}/file`
  print(output, job, `Job ${job.id} writes a ZIP once a server runs; it is then available at ${path}.`)
}

export async function eraseUser(
  user: string,
  { application, messages, ...options }: Inside & { messages: string },
  output: Output,
): Promise<void> {
  const job: AnyJob = await withAdmin(options, async (call) => {
    const params = await userNamed(call, application, user)
    return call('eraseUser', { params, body: { messages } })
  })
  print(output, job, `The user is deleted. Job ${job.id} erases the remaining data once a server runs.`)
}
