// What a source is: another service, read step by step into words of our own (resources/moving.ts). Each is a folder
// beside this file; the writer knows none of them.
import type { FetchFile } from '#domain/moving/fetch-to-store.ts'
import type { ReadItem, Staged } from '#domain/moving/stage-items.ts'
import type { MovedKind } from '#resources/moving.ts'

export type { FetchFile, ReadItem, Staged }

export interface Source {
  /** Which service, and what of it: `chatkitty 26`. What was moved is known again by it. */
  name: string
  /** The API key of the application there, where it has one. */
  applicationKey?: string
  /** Whether what it does not have is there no more, and not only elsewhere. */
  isWhole: boolean
  /** One behind the other; each begins once the one before is done. */
  steps: Step[]
  fetchFile: FetchFile
  /** What none of its moves can carry, and why, for people. */
  limits: string[]
  /** How many requests the source was sent so far. */
  usage?(): Usage
}

export interface Usage {
  requests: number
  /** Requests that were asked again since the source failed, or asked to wait. */
  repeated: number
}

export interface Step {
  /** The key under which its progress is saved. */
  name: string
  /** For the progress bar: `Reading messages`, and what it counts. */
  title: string
  unit: string
  read(stage: Stage): Promise<void>
}

/** Where a step puts what it reads, and keeps its progress. */
export interface Stage {
  /** Details of what is older need not be asked for again. */
  since: string | null
  /** Whether what is put is only counted. */
  isDryRun: boolean
  put(kind: MovedKind, items: ReadItem[]): Promise<Staged[]>
  /** Those of the keys that this pass has put. */
  seen(kind: MovedKind, keys: Iterable<string>): Promise<Set<string>>
  /** Says which message those with these keys reply to. */
  setParents(parentKey: string, keys: string[]): Promise<void>
  /** Where the step goes on, if it was begun before: what it has saved. */
  resumed<T>(): T | undefined
  save(position: unknown): Promise<void>
  /** What a step of this pass or an earlier one has found out about the source. */
  recall<T>(name: string): T | undefined
  remember(name: string, value: unknown): Promise<void>
  progress(done: number, total?: number): void
  /** Says that something cannot be carried, and why. */
  cannot(kind: string, key: string, reason: string): void
}
