// Where a move stands: what was read and is to be written, and how far the reading is. It is all in the database, in the
// commits that it is about, so that a move that ends anywhere goes on from there.
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

/** A reading of the whole source. */
export interface PassState {
  /** Counted from 1. */
  pass: number
  /** What the reading was limited to, if it was. */
  since: string | null
  startedTime: string
  /** How far each step is: `done`, or where it goes on. */
  steps: Record<string, unknown>
  /** What was found out about the source, in any pass. */
  memory: Record<string, unknown>
  /** Whether all of it is read and written. */
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

  /** Goes on with the pass that was begun, if it was limited as this one is, or begins another. */
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

  /** Those of the keys that this pass has seen. */
  seen(kind: MovedKind, keys: Iterable<string>): Promise<Set<string>> {
    return seenKeys(this.#ctx.db, this.move, kind, keys, this.#state.pass)
  }

  setParents(parentKey: string, keys: string[]): Promise<void> {
    return setParents(this.#ctx.db, this.move, parentKey, keys)
  }

  /** What is yet to be written of a kind, batch by batch, in order; each is read when the one before is done with. */
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
