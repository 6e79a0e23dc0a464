import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { type Api, connect, type RemoteOptions } from '#cli/api.ts'
import { uiParts } from '#cli/kinds.ts'
import { type Output, UsageError } from '#cli/output.ts'

/** Prints the settings of a part of chat user interfaces, as JSON. */
export async function getUi(part: string, options: RemoteOptions, output: Output): Promise<void> {
  const path = pathOf(part)
  show(await settingsIn(await (await connect(options)).send('GET', path)), output)
}

/** Replaces the settings of a part with those of a JSON file or of stdin; prints the resulting settings. */
export async function setUi(
  part: string,
  file: string | undefined,
  options: RemoteOptions,
  output: Output,
): Promise<void> {
  const path = pathOf(part)
  const settings = parse(file === undefined ? await text(process.stdin) : await read(file))
  const api: Api = await connect(options)
  const content = new Blob([JSON.stringify({ settings })]).stream()
  show(await settingsIn(await api.send('PUT', path, { content, type: 'application/json' })), output)
}

function pathOf(part: string): string {
  if (!uiParts.includes(part as (typeof uiParts)[number])) {
    throw new UsageError(`There are no ${part}, but ${uiParts.join(', ')}`)
  }
  return `/application/ui/${part}`
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new UsageError(`There is no file ${file}`)
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new UsageError('The settings must be JSON')
  }
}

async function settingsIn(answer: Response): Promise<unknown> {
  return ((await answer.json()) as { settings: unknown }).settings
}

/** Prints JSON with or without `--json`; without it, on several lines. */
function show(settings: unknown, { json }: Output): void {
  process.stdout.write(`${JSON.stringify(settings, null, json ? undefined : 2)}\n`)
}
