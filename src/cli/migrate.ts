// `chatterie migrate`: moves data from another service into an application.

import { stat } from 'node:fs/promises'
import { timeOf } from '#cli/arguments.ts'
import { withContext } from '#cli/context.ts'
import { type Output, print, table, UsageError } from '#cli/output.ts'
import { openProgress, type Progress } from '#cli/progress.ts'
import type { Context } from '#context.ts'
import { listApplications } from '#domain/applications/list-applications.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { forgetMove } from '#domain/moving/forget-move.ts'
import { holdMove } from '#domain/moving/hold-move.ts'
import { platformRoot } from '#migrate/chatkitty/api.ts'
import { openChatKitty } from '#migrate/chatkitty/source.ts'
import type { FileOptions } from '#migrate/files/reading.ts'
import type { Report } from '#migrate/report.ts'
import { openRocketChat } from '#migrate/rocketchat/source.ts'
import { runMove } from '#migrate/run-move.ts'
import { openSendbird } from '#migrate/sendbird/source.ts'
import type { Source } from '#migrate/source.ts'
import { openStream } from '#migrate/stream/source.ts'
import { readCredentials } from '#secrets/kept-credentials.ts'

/** The addresses of the hosted service. */
const hostedUrl = 'https://api.chatkitty.com'
const hostedTokenUrl = 'https://authorization.chatkitty.com/oauth/token'

interface MoveOptions {
  application?: string
  dryRun?: boolean
}

export interface ChatKittyMoveOptions extends MoveOptions {
  clientId?: string
  clientSecret?: string
  baseUrl?: string
  tokenUrl?: string
  since?: string
  rate: string
  patience: string
  readReceipts: boolean
}

/** Copies everything that the Platform API of a ChatKitty application exposes. */
export async function fromChatKitty(options: ChatKittyMoveOptions, output: Output): Promise<void> {
  const { CHATKITTY_CLIENT_ID, CHATKITTY_CLIENT_SECRET, CHATKITTY_BASE_URL } = process.env
  const clientId = options.clientId ?? CHATKITTY_CLIENT_ID
  const clientSecret = options.clientSecret ?? CHATKITTY_CLIENT_SECRET
  if (!clientId || !clientSecret) {
    throw new UsageError(
      'Whose application there? Give --client-id and --client-secret, or CHATKITTY_CLIENT_ID and CHATKITTY_CLIENT_SECRET',
    )
  }
  const given = options.baseUrl ?? CHATKITTY_BASE_URL
  const baseUrl = urlOf('--base-url', given ?? hostedUrl)
  const ownTokenUrl = `${platformRoot(baseUrl)}/oauth/token`
  const tokenUrl = urlOf(
    '--token-url',
    options.tokenUrl ?? (given === undefined ? hostedTokenUrl : ownTokenUrl),
  )
  const since = timeOf('--since', options.since) ?? null
  const rate = numberOf('--rate', options.rate, 0.1, 1_000)
  const patienceMs = numberOf('--patience', options.patience, 1, 86_400) * 1_000
  const { readReceipts } = options
  await move(options, since, output, (ctx) =>
    openChatKitty({
      baseUrl,
      tokenUrl,
      clientId,
      clientSecret,
      rate,
      patienceMs,
      readReceipts,
      clock: ctx.clock,
    }),
  )
}

export interface FilesMoveOptions extends MoveOptions {
  copyFiles?: boolean
}

export function fromStream(files: string[], options: FilesMoveOptions, output: Output): Promise<void> {
  return moveFiles(files, options, output, openStream)
}

export function fromSendbird(files: string[], options: FilesMoveOptions, output: Output): Promise<void> {
  return moveFiles(files, options, output, openSendbird)
}

export function fromRocketChat(
  files: string[],
  options: FilesMoveOptions & { baseUrl?: string },
  output: Output,
): Promise<void> {
  const where = options.baseUrl === undefined ? {} : { baseUrl: urlOf('--base-url', options.baseUrl) }
  return moveFiles(files, options, output, (given) => openRocketChat({ ...given, ...where }))
}

async function moveFiles(
  paths: string[],
  options: FilesMoveOptions,
  output: Output,
  open: (options: FileOptions) => Source,
): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch(() => null)
    if (!found?.isFile()) throw new UsageError(`There is no file ${path}`)
  }
  await move(options, null, output, async () => open({ paths, copyFiles: options.copyFiles === true }))
}

/** Deletes the records of which source item became which one here, when a move is finished. */
export async function forget(options: Pick<MoveOptions, 'application'>, output: Output): Promise<void> {
  const { id, items } = await withContext(async (ctx) => {
    const application = await targetOf(ctx, options.application)
    return { id: application.id, items: await forgetMove(ctx, application.id) }
  })
  print(
    output,
    { application: id, items },
    `${items} items that were moved into application ${id} are forgotten.`,
  )
}

async function move(
  options: MoveOptions,
  since: string | null,
  output: Output,
  open: (ctx: Context) => Promise<Source>,
): Promise<void> {
  const report = await withContext(async (ctx) => {
    const application = await targetOf(ctx, options.application)
    const source = await open(ctx)
    if (source.applicationKey === application.key) {
      throw new UsageError(
        `Application ${application.id} cannot move into itself: give another as --application`,
      )
    }
    const release = await holdMove(ctx, application.id)
    let bar: Progress | undefined
    try {
      return await runMove(ctx, source, {
        applicationId: application.id,
        since,
        isDryRun: options.dryRun === true,
        onProgress(part, done, total) {
          if (part === undefined) {
            bar?.end()
            bar = undefined
          } else {
            bar ??= openProgress(part.title, part.unit, output)
            bar.show(done, total)
          }
        },
      })
    } finally {
      bar?.end()
      await release()
      await ctx.functions.close()
    }
  })
  print(output, report, describe(report))
}

/** Returns the named application, else that of the settings or the home folder, else the only one. */
async function targetOf(ctx: Context, reference: string | undefined) {
  const named = reference ?? ctx.config.clientId ?? (await readCredentials(ctx.config.home))?.clientId
  if (named !== undefined) return referredApplication(ctx, named)
  const [only, other] = await listApplications(ctx)
  if (only && !other) return only
  throw new UsageError('Into which application? Give --application, its id, API key or client id')
}

function describe(report: Report): string {
  const { kinds, notCarried, notCarriedCount, vanished, files, limits, isDryRun, requests } = report
  const rows = Object.entries(kinds).map(([kind, counts]) => [
    kind,
    ...[counts.read, counts.new, counts.changed, counts.same, counts.written].map(String),
  ])
  const gone = Object.entries(vanished).map(([kind, count]) => `${count} of ${kind}`)
  const named = notCarried.slice(0, namedMax).map(({ kind, key, reason }) => `  ${kind} ${key}: ${reason}`)
  const more = notCarriedCount - named.length
  return [
    isDryRun
      ? `A dry run of ${report.source} into application ${report.application}: nothing was written.`
      : `Moved ${report.source} into application ${report.application}, pass ${report.pass}.`,
    '',
    table(['', 'read', 'new', 'changed', 'same', 'written'], rows),
    '',
    `${files.count} files, ${files.bytes} bytes; ${requests} requests, of which ${report.repeated} were repeated.`,
    ...(notCarriedCount > 0 ? [`${notCarriedCount} things could not be carried:`, ...named] : []),
    ...(more > 0 ? [`  and ${more} more; --json names up to 1,000`] : []),
    ...(gone.length > 0 ? [`Deleted at the source, but still here: ${gone.join(', ')}.`] : []),
    'Not carried by any move:',
    ...limits.map((limit) => `  ${limit}`),
    ...(isDryRun || requests === 0
      ? []
      : ['', `What is new later: run it again with --since ${report.startedTime}`]),
  ].join('\n')
}

const namedMax = 20

function urlOf(option: string, text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text
  throw new UsageError(`${option} ${text} is not an http:// or https:// URL`)
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= least && value <= most) return value
  throw new UsageError(`${option} ${text} is wrong: give a number from ${least} to ${most}`)
}
