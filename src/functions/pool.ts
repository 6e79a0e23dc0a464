// The processes of one application, and who waits for one.
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
}

export class Pool {
  readonly applicationId: number
  readonly members = new Set<Member>()
  /** Specs of processes whose files and addresses are still looked up. */
  readonly preparing = new Set<{ spec: RuntimeSpec; isVoid: boolean }>()
  /** First come, first served. */
  readonly waiting: Waiting[] = []

  constructor(applicationId: number) {
    this.applicationId = applicationId
  }

  get processes(): FunctionProcess[] {
    return [...this.members].map(({ process }) => process)
  }

  /** How many processes there are or will be, without those that end. */
  get living(): number {
    const living = this.processes.filter(({ state }) => state !== 'leaving' && state !== 'ended')
    return living.length + this.preparing.size
  }

  /** Nothing is there, and nothing to come. */
  get isEmpty(): boolean {
    return this.members.size + this.preparing.size + this.waiting.length === 0
  }

  get idle(): FunctionProcess[] {
    return this.processes.filter(({ state }) => state === 'idle')
  }

  /** An idle process of this environment. */
  idleFor(spec: RuntimeSpec): FunctionProcess | undefined {
    return [...this.members].find(
      ({ process, spec: its }) => process.state === 'idle' && !process.retired && isSame(its, spec),
    )?.process
  }

  /** Idle processes of another environment leave: each takes the place of one of this. */
  retireOthers(spec: RuntimeSpec): void {
    for (const { process, spec: its } of this.members) {
      if (process.state === 'idle' && !isSame(its, spec)) process.retire()
    }
  }

  /** How many processes would have to start for all who wait to have one. */
  get missing(): number {
    const starting = this.processes.filter(({ state }) => state === 'starting').length
    return this.waiting.length - starting - this.preparing.size
  }

  /** Takes out one who waits. */
  stopWaiting(waiting: Waiting): void {
    const at = this.waiting.indexOf(waiting)
    if (at >= 0) this.waiting.splice(at, 1)
    clearTimeout(waiting.timer)
  }

  /** Everybody who waits is answered, and what is prepared will not start. */
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
