// Moves data from a source into an application: reads it step by step, then writes it kind by kind. A move can be
// interrupted and started again at any time: it resumes, and nothing is duplicated.
import type { Context } from '#context.ts'
import { checkItems } from '#domain/moving/stage-items.ts'
import { Staging } from '#domain/moving/staging.ts'
import { emptyReport, noteNotCarried, noteRead, type Report } from '#migrate/report.ts'
import type { ReadItem, Source, Stage, Staged, Step } from '#migrate/source.ts'
import { vanishingKinds, writeAll } from '#migrate/write-all.ts'
import type { MovedKind } from '#resources/moving.ts'

export interface MoveOptions {
  applicationId: number
  since: string | null
  isDryRun: boolean
  /** Called on progress; with `undefined` when a part is finished. */
  onProgress(part: { title: string; unit: string } | undefined, done: number, total?: number): void
}

/** @throws the error that aborts the move, such as a source that fails for too long */
export async function runMove(ctx: Context, source: Source, options: MoveOptions): Promise<Report> {
  const { applicationId, since, isDryRun, onProgress } = options
  const staging = isDryRun
    ? undefined
    : await Staging.open(ctx, { applicationId, source: source.name }, since)
  const report = emptyReport({
    source: source.name,
    application: applicationId,
    isDryRun,
    pass: staging?.state.pass ?? 0,
    since,
    startedTime: staging?.state.startedTime ?? new Date(ctx.clock.now()).toISOString(),
    limits: source.limits,
  })
  for (const step of source.steps) {
    if (staging?.state.steps[step.name] === 'done') continue
    const progress = (done: number, total?: number) => onProgress(step, done, total)
    await step.read(
      staging ? keepingStage(staging, step, report, progress) : dryStage(since, report, progress),
    )
    onProgress(undefined, 0)
    await staging?.save({ steps: { ...staging.state.steps, [step.name]: 'done' } })
  }
  if (staging) {
    await writeAll(ctx, staging, source.fetchFile, report, onProgress)
    for (const kind of source.isWhole ? vanishingKinds : []) {
      const count = await staging.countVanished(kind)
      if (count > 0) report.vanished[kind] = count
    }
    await staging.save({ isOver: true })
  }
  Object.assign(report, source.usage?.())
  return report
}

function keepingStage(
  staging: Staging,
  step: Step,
  report: Report,
  progress: (done: number, total?: number) => void,
): Stage {
  return {
    since: staging.state.since,
    isDryRun: false,
    async put(kind, items) {
      const { staged, problems } = await staging.put(kind, items)
      for (const problem of problems) noteNotCarried(report, { kind, ...problem })
      noteRead(report, kind, staged)
      const isFresh = new Set(staged.flatMap(({ key, state }) => (state === 'new' ? key : [])))
      noteFiles(
        report,
        kind,
        items.filter(({ key }) => isFresh.has(key)),
      )
      return staged
    },
    seen: (kind, keys) => staging.seen(kind, keys),
    setParents: (parentKey, keys) => staging.setParents(parentKey, keys),
    recall: <T>(name: string) => staging.state.memory[name] as T | undefined,
    async remember(name, value) {
      if (staging.state.memory[name] !== value)
        await staging.save({ memory: { ...staging.state.memory, [name]: value } })
    },
    resumed: <T>() => staging.state.steps[step.name] as T | undefined,
    save: (position) => staging.save({ steps: { ...staging.state.steps, [step.name]: position } }),
    progress,
    notCarried: (kind, key, reason) => noteNotCarried(report, { kind, key, reason }),
  }
}

/** Returns a stage that only counts items, so whatever depends on stored items is not read. */
function dryStage(
  since: string | null,
  report: Report,
  progress: (done: number, total?: number) => void,
): Stage {
  return {
    since,
    isDryRun: true,
    async put(kind, items) {
      const { checked, problems } = checkItems(kind, items)
      for (const problem of problems) noteNotCarried(report, { kind, ...problem })
      const staged = checked.map(({ key }): Staged => ({ key, state: 'new' }))
      noteRead(report, kind, staged)
      noteFiles(report, kind, checked)
      return staged
    },
    seen: async (_kind, keys) => new Set(keys),
    setParents: async () => {},
    recall: () => undefined,
    remember: async () => {},
    resumed: () => undefined,
    save: async () => {},
    progress,
    notCarried: (kind, key, reason) => noteNotCarried(report, { kind, key, reason }),
  }
}

function noteFiles(report: Report, kind: MovedKind, items: ReadItem[]): void {
  if (kind !== 'message' && kind !== 'picture') return
  for (const { content } of items) {
    const { file, isHosted } = content as { file?: { isHosted: boolean; size: number }; isHosted?: boolean }
    if (!isHosted && !file?.isHosted) continue
    report.files.count++
    report.files.bytes += file?.size ?? 0
  }
}
