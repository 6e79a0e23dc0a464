// `chatterie dump` and `chatterie restore`.
import { stat } from 'node:fs/promises'
import { mustBeApplicationName, mustBeWritable } from '#cli/arguments.ts'
import { withContext } from '#cli/context.ts'
import { interruptible } from '#cli/interruptible.ts'
import { type Output, print, UsageError } from '#cli/output.ts'
import { openProgress } from '#cli/progress.ts'
import { referredApplication } from '#domain/applications/referred-application.ts'
import { checkDump } from '#domain/dumps/check-dump.ts'
import { restoreApplication } from '#domain/dumps/restore-application.ts'
import { restoreDump } from '#domain/dumps/restore-dump.ts'
import { writeDump } from '#domain/dumps/write-dump.ts'
import { version } from '#index.ts'

/** Writes the whole server, or one application, to a file. */
export async function dump(file: string, options: { application?: string }, output: Output): Promise<void> {
  await mustBeWritable(file)
  const manifest = await interruptible((signal) =>
    withContext(async (ctx) => {
      const { application } = options
      const applicationId =
        application === undefined ? undefined : (await referredApplication(ctx, application)).id
      return writeDump(ctx, file, { applicationId, version, signal })
    }),
  )
  const { applications, tables, files, missingFiles } = manifest
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0)
  const { size } = await stat(file)
  print(
    output,
    { file, size, applications, tables, files, missingFiles },
    [
      `${file}: ${rows} rows and ${files} files of ${named(applications)}, ${size} bytes.`,
      ...(missingFiles > 0 ? [`${missingFiles} files were deleted meanwhile, and are not in it.`] : []),
      'It holds personal data and hashes of secrets: keep it as you keep the database.',
    ].join('\n'),
  )
}

/** Restores a dump into an empty database, or one application beside the existing ones. */
export async function restore(file: string, options: { as?: string }, output: Output): Promise<void> {
  if (options.as !== undefined) mustBeApplicationName(options.as)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new UsageError(`There is no file ${file}`)
  const checked = await checkDump(file)
  const { applications, tables, files } = checked.manifest
  const total = Object.values(tables).reduce((sum, count) => sum + count, 0)
  const progress = openProgress('Restoring', 'rows', output)
  const show = (rows: number) => progress.show(rows, total)
  try {
    if (options.as === undefined) {
      await interruptible((signal) => withContext((ctx) => restoreDump(ctx, checked, show, signal)))
      progress.end()
      return print(
        output,
        { applications, tables, files },
        `Restored ${named(applications)}: ${total} rows, ${files} files.`,
      )
    }
    const name = options.as
    const restored = await interruptible((signal) =>
      withContext((ctx) => restoreApplication(ctx, checked, name, show, signal)),
    )
    progress.end()
    print(
      output,
      restored,
      [
        `Restored as application ${restored.id}, with credentials that are not shown again:`,
        `  Client id      ${restored.clientId}`,
        `  Client secret  ${restored.clientSecret}`,
        `  API key        ${restored.apiKey}`,
      ].join('\n'),
    )
  } finally {
    progress.end()
  }
}

function named(applications: { name: string }[]): string {
  return applications.length === 1
    ? `the application "${applications[0]?.name}"`
    : `${applications.length} applications`
}
