// What queued runs are given, so that one for which that cannot be made keeps nothing from the others.
import type { Context } from '#context.ts'
import { loadRunSubjects, type RunSubjects } from '#domain/functions/runs/load-run-subjects.ts'
import { setRunAside } from '#domain/functions/runs/set-run-aside.ts'
import type { QueuedRun } from '#domain/functions/runs/take-queued-runs.ts'
import { isDatabaseAway } from '#errors.ts'
import { presentFunctionEvent } from '#jobs/function-events.ts'

export interface Ready {
  run: QueuedRun
  event: Record<string, unknown>
}

export interface Presented {
  ready: Ready[]
  /** Runs about what is gone. */
  gone: number[]
}

const triesMax = 3

/** Presents runs, in order. One that cannot be presented is set aside. @throws where the database is away */
export async function presentRuns(ctx: Context, runs: QueuedRun[]): Promise<Presented> {
  let subjects: RunSubjects
  try {
    subjects = await loadRunSubjects(ctx, runs)
  } catch (error) {
    if (isDatabaseAway(error)) throw error
    const [first] = runs
    if (runs.length === 1 && first) return presentAlone(ctx, first)
    const middle = Math.ceil(runs.length / 2)
    return joined([await presentRuns(ctx, runs.slice(0, middle)), await presentRuns(ctx, runs.slice(middle))])
  }
  const presented: Presented[] = []
  for (const run of runs) {
    try {
      presented.push(toPresented(run, presentFunctionEvent(ctx, run, subjects)))
    } catch {
      presented.push(await presentAlone(ctx, run))
    }
  }
  return joined(presented)
}

/** Once more, after it failed among others. */
async function presentAlone(ctx: Context, run: QueuedRun): Promise<Presented> {
  for (let tries = 2; ; tries += 1) {
    try {
      return toPresented(run, presentFunctionEvent(ctx, run, await loadRunSubjects(ctx, [run])))
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      if (tries < triesMax) continue
      await setRunAside(ctx, run, error)
      return { ready: [], gone: [] }
    }
  }
}

function toPresented(run: QueuedRun, event: Ready['event'] | undefined): Presented {
  return event ? { ready: [{ run, event }], gone: [] } : { ready: [], gone: [run.id] }
}

function joined(all: Presented[]): Presented {
  return { ready: all.flatMap(({ ready }) => ready), gone: all.flatMap(({ gone }) => gone) }
}
