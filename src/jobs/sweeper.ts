import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '#context.ts'
import { sweepApplications } from '#domain/applications/sweep-applications.ts'
import { sweepFiles } from '#domain/files/sweep-files.ts'
import { sweepRuntimes } from '#domain/functions/runtime/sweep-runtimes.ts'
import { sweepChannels } from '#domain/removal/sweep-channels.ts'
import { beginDueRetentions } from '#domain/retention/begin-due-retentions.ts'
import { type BlocksPlace, countMessageBlocks } from '#domain/retention/count-message-blocks.ts'
import { type CounterPlace, sweepCounters } from '#domain/retention/sweep-counters.ts'
import { type MemberPlace, sweepReadSpans } from '#domain/retention/sweep-read-spans.ts'
import { trimRecords } from '#domain/retention/trim-records.ts'
import { withdrawAllAged } from '#domain/retention/withdraw-all-aged.ts'
import { foldStatistics } from '#domain/statistics/fold-statistics.ts'

const sweepMs = 30_000
/** Pause between two batches, so that a backlog leaves the database to others. */
const pauseMs = 20

/**
 * Deletes in the background what nothing refers to any more (files, function data of deleted applications, counters)
 * and what is older than the settings allow. Also folds statistics, compacts read spans, counts messages.
 */
export class Sweeper {
  readonly #ctx: Context
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #state: 'running' | 'stopped' = 'stopped'
  /** Ends what takes many commits. */
  readonly #stopping = new AbortController()
  #run: Promise<void> = Promise.resolve()
  /** Position up to which counters have been checked. */
  #counters: CounterPlace | undefined
  /** Position up to which members' read spans have been checked. */
  #spans: MemberPlace | undefined
  #blocks: BlocksPlace | undefined

  constructor(ctx: Context, everyMs = sweepMs) {
    this.#ctx = ctx
    this.#everyMs = everyMs
    ctx.clock.onMove(() => this.#look())
  }

  start(): void {
    this.#state = 'running'
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs).unref()
  }

  /** Resolves when the current batch is done. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#stopping.abort()
    clearTimeout(this.#timer)
    await this.#run
  }

  /** Runs one sweep after the other. */
  #look(): Promise<void> {
    clearTimeout(this.#timer)
    this.#run = this.#run.then(() => this.#sweep())
    return this.#run
  }

  async #sweep(): Promise<void> {
    const ctx = this.#ctx
    await this.#try(() => this.#all(() => sweepFiles(ctx)))
    await this.#try(() => sweepRuntimes(ctx))
    if (ctx.node.isLeader) {
      await this.#try(() => this.#all(() => foldStatistics(ctx)))
      await this.#try(() => this.#all(() => trimRecords(ctx)))
      await this.#try(() => this.#all(() => sweepChannels(ctx)))
      await this.#try(() => withdrawAllAged(ctx, this.#stopping.signal))
      await this.#try(() => beginDueRetentions(ctx))
      await this.#try(() => sweepApplications(ctx, this.#stopping.signal))
      await this.#try(async () => {
        this.#counters = await sweepCounters(ctx, this.#counters)
      })
      await this.#try(async () => {
        this.#spans = await sweepReadSpans(ctx, this.#spans)
      })
      await this.#try(async () => {
        this.#blocks = await countMessageBlocks(ctx, this.#blocks)
      })
    }
    if (this.#state === 'running') this.start()
  }

  async #all(sweepBatch: () => Promise<boolean>): Promise<void> {
    while (this.#state === 'running' && (await sweepBatch())) await sleep(pauseMs)
  }

  /** A failing step does not stop the others and is retried in the next sweep. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      if (this.#state === 'running') await work()
    } catch (error) {
      if (error !== this.#stopping.signal.reason)
        this.#ctx.log.error({ err: error }, 'remains of deleted or expired data could not be removed')
    }
  }
}
