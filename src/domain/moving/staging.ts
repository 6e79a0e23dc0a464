// The state of a move: what was read and is still to be written, and how far reading has come. It is stored in the
// database, in the same commits as the data, so that an interrupted move can be resumed at any point.
import type { Context } from '#context.ts'
import {
  type After,
  beforeAll,
  channelsWithReceipts,
  countPending,
  countVanished,
  type Move,
  type PendingItem,
  pendingItems,
  readMoveState,
  saveMoveState,
  seenKeys,
  setParents,
} from '#data/moving/items.ts'
import { type Problem, type ReadItem, type Staged, stageItems } from '#domain/moving/stage-items.ts'
import type { Moved, MovedKind } from '#resources/moving.ts'

export type { Move, PendingItem }

/** The state of one reading of the whole source. */
export interface PassState {
  /** Counted from 1. */
  pass: number
  /** The time to which the reading was limited, if it was. */
  since: string | null
  startedTime: string
  /** The progress of each step: `done`, or where it continues. */
  steps: Record<string, unknown>
  /** Knowledge about the source from all passes. */
  memory: Record<string, unknown>
  /** Whether everything is read and written. */
  isOver: boolean
}

const batch = 250

export class Staging {
  readonly move: Move
  readonly #ctx: Context
  #state: PassState

  private constructor(ctx: Context, move: Move, state: PassState) {
    this.#ctx = ctx
    this.move = move
    this.#state = state
  }

  /** Resumes the pass that was begun, if it had the same limit, or else begins a new one. */
  static async open(ctx: Context, move: Move, since: string | null): Promise<Staging> {
    const last = await readMoveState<PassState>(ctx.db, move)
    if (last && !last.isOver && last.since === since) return new Staging(ctx, move, last)
    const startedTime = new Date(ctx.clock.now()).toISOString()
    const state: PassState = {
      pass: (last?.pass ?? 0) + 1,
      since,
      startedTime,
      steps: {},
      memory: last?.memory ?? {},
      isOver: false,
    }
    await saveMoveState(ctx.db, move, state)
    return new Staging(ctx, move, state)
  }

  get state(): PassState {
    return this.#state
  }

  async save(changes: Partial<PassState>): Promise<void> {
    this.#state = { ...this.#state, ...changes }
    await saveMoveState(this.#ctx.db, this.move, this.#state)
  }

  put(kind: MovedKind, items: ReadItem[]): Promise<{ staged: Staged[]; problems: Problem[] }> {
    return stageItems(this.#ctx, this.move, kind, this.#state.pass, items)
  }

  /** Returns those of the keys that this pass has seen. */
  seen(kind: MovedKind, keys: Iterable<string>): Promise<Set<string>> {
    return seenKeys(this.#ctx.db, this.move, kind, keys, this.#state.pass)
  }

  setParents(parentKey: string, keys: string[]): Promise<void> {
    return setParents(this.#ctx.db, this.move, parentKey, keys)
  }

  /** Yields pending items of a kind in order, reading each batch only after the one before was written. */
  async *pending<K extends MovedKind>(kind: K): AsyncGenerator<PendingItem<Moved<K>>[]> {
    for (let after: After = beforeAll; ; ) {
      const items = await pendingItems<Moved<K>>(this.#ctx.db, this.move, kind, after, batch)
      const last = items.at(-1)
      if (!last) return
      after = { place: last.place, key: last.key }
      yield items
    }
  }

  countPending(kind: MovedKind): Promise<number> {
    return countPending(this.#ctx.db, this.move, kind)
  }

  countVanished(kind: MovedKind): Promise<number> {
    return countVanished(this.#ctx.db, this.move, kind, this.#state.pass)
  }

  channelsWithReceipts(): Promise<string[]> {
    return channelsWithReceipts(this.#ctx.db, this.move)
  }
}
