// The processes of one application, and the invocations that wait for one.
import { isDeepStrictEqual } from 'node:util'
import type { FunctionProcess, Run } from './function-process.ts'
import type { Outcome } from './outcome.ts'
import type { RuntimeSpec } from './prepare.ts'

export interface Member {
  spec: RuntimeSpec
  process: FunctionProcess
}

export interface Waiting {
  spec: RuntimeSpec
  run: Run
  since: number
  attempts: number
  settle(outcome: Outcome): void
  timer: NodeJS.Timeout
  /** The process that runs it now. */
  process?: FunctionProcess | undefined
}

export class Pool {
  readonly applicationId: number
  readonly members = new Set<Member>()
  /** Specs of processes whose files and addresses are still being resolved. */
  readonly preparing = new Set<{ spec: RuntimeSpec; isVoid: boolean }>()
  /** Waiting invocations, in order of arrival. */
  readonly waiting: Waiting[] = []

  constructor(applicationId: number) {
    this.applicationId = applicationId
  }

  get processes(): FunctionProcess[] {
    return [...this.members].map(({ process }) => process)
  }

  /** Number of processes that exist or will exist, without those that are ending. */
  get living(): number {
    const living = this.processes.filter(({ state }) => state !== 'leaving' && state !== 'ended')
    return living.length + this.preparing.size
  }

  /** Whether nothing exists and nothing is pending. */
  get isEmpty(): boolean {
    return this.members.size + this.preparing.size + this.waiting.length === 0
  }

  get idle(): FunctionProcess[] {
    return this.processes.filter(({ state }) => state === 'idle')
  }

  /** Returns an idle process of this environment. */
  idleFor(spec: RuntimeSpec): FunctionProcess | undefined {
    return [...this.members].find(
      ({ process, spec: its }) => process.state === 'idle' && !process.retired && isSame(its, spec),
    )?.process
  }

  /** Retires idle processes of other environments, each of which takes the place of one of this environment. */
  retireOthers(spec: RuntimeSpec): void {
    for (const { process, spec: its } of this.members) {
      if (process.state === 'idle' && !isSame(its, spec)) process.retire()
    }
  }

  /** Number of processes whose initialization has not ended. */
  get starting(): number {
    return this.processes.filter(({ state }) => state === 'starting').length
  }

  /** Number of processes that would have to start so that each waiting invocation has one. */
  get missing(): number {
    return this.waiting.length - this.starting - this.preparing.size
  }

  /** Removes an invocation from the queue. */
  stopWaiting(waiting: Waiting): void {
    const at = this.waiting.indexOf(waiting)
    if (at >= 0) this.waiting.splice(at, 1)
    clearTimeout(waiting.timer)
  }

  /** Settles all waiting invocations with this outcome, and cancels processes in preparation. */
  clear(outcome: Outcome): void {
    for (const each of this.preparing) each.isVoid = true
    for (const each of this.waiting.splice(0)) {
      clearTimeout(each.timer)
      each.settle(outcome)
    }
  }
}

function isSame(a: RuntimeSpec, b: RuntimeSpec): boolean {
  return a === b || isDeepStrictEqual(a, b)
}
