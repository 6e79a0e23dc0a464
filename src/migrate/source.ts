// The interface of a source: another service, read step by step and converted to our own types (resources/moving.ts).
// Each source is a folder beside this file; the writer does not depend on any of them.
import type { FetchFile } from '#domain/moving/fetch-to-store.ts'
import type { ReadItem, Staged } from '#domain/moving/stage-items.ts'
import type { MovedKind } from '#resources/moving.ts'

export type { FetchFile, ReadItem, Staged }

export interface Source {
  /** The service and the part of it, such as `chatkitty 26`; identifies what was moved earlier. */
  name: string
  /** The API key of the application there, if it has one. */
  applicationKey?: string
  /** Whether the source is complete, so that items missing from it have been deleted there. */
  isWhole: boolean
  /** Run in order; each starts when the previous one is finished. */
  steps: Step[]
  fetchFile: FetchFile
  /** Descriptions, for people, of what cannot be moved from this source, and why. */
  limits: string[]
  /** Returns the number of requests sent to the source so far. */
  usage?(): Usage
}

export interface Usage {
  requests: number
  /** Requests that were retried because the source failed or asked to wait. */
  repeated: number
}

export interface Step {
  /** The key under which its progress is saved. */
  name: string
  /** For the progress bar: `Reading messages`, and the unit it counts. */
  title: string
  unit: string
  read(stage: Stage): Promise<void>
}

/** Receives the items that a step reads, and stores its progress. */
export interface Stage {
  /** Details of items older than this need not be read again. */
  since: string | null
  /** Whether items are only counted. */
  isDryRun: boolean
  put(kind: MovedKind, items: ReadItem[]): Promise<Staged[]>
  /** Returns those keys that were stored in this run. */
  seen(kind: MovedKind, keys: Iterable<string>): Promise<Set<string>>
  /** Sets the parent message of the messages with these keys. */
  setParents(parentKey: string, keys: string[]): Promise<void>
  /** Returns the saved position if the step was interrupted earlier. */
  resumed<T>(): T | undefined
  save(position: unknown): Promise<void>
  /** Returns a fact about the source that a step of this or an earlier run remembered. */
  recall<T>(name: string): T | undefined
  remember(name: string, value: unknown): Promise<void>
  progress(done: number, total?: number): void
  /** Reports that an item cannot be moved, and why. */
  notCarried(kind: string, key: string, reason: string): void
}
