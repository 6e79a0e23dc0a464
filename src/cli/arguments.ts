// Reads what several commands are given, before they do anything.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UsageError } from '#cli/output.ts'
import { ApplicationName, applicationNameMax } from '#resources/admin/application.ts'
import { QueryTime } from '#resources/queries.ts'

/** Returns a time in UTC; that of a date is its midnight. @throws UsageError that names the option */
export function timeOf(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const time = QueryTime.safeParse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (time.success) return time.data
  throw new UsageError(`${option} ${text} is wrong: give a time such as 2027-01-31T00:00:00Z`)
}

/** @throws UsageError unless an application can have this name */
export function mustBeApplicationName(name: string): void {
  if (ApplicationName.safeParse(name).success) return
  throw new UsageError(
    `An application needs a name that is not blank, of at most ${applicationNameMax} characters`,
  )
}

/** @throws UsageError if there is nothing at this path, or a folder; a pipe can be read as well as a file */
export async function mustBeReadable(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined)
  if (!found || found.isDirectory()) throw new UsageError(`There is no file ${file}`)
}

/** @throws UsageError if no file can be written to this path, before anything is read for it */
export async function mustBeWritable(file: string): Promise<void> {
  const kindOf = (path: string) => stat(path).catch(() => undefined)
  if ((await kindOf(file))?.isDirectory())
    throw new UsageError(`${file} is a folder: give the path of a file`)
  const folder = dirname(file)
  if (!(await kindOf(folder))?.isDirectory()) throw new UsageError(`There is no folder ${folder}`)
}
