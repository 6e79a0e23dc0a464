// A function runner with its own folder, and helpers that run scripts in it.

import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Outcome } from '#functions/outcome.ts'
import type { RuntimeSpec } from '#functions/prepare.ts'
import { FunctionRunner, type Invocation, type RunnerOptions } from '#functions/runner.ts'
import { isAlive } from '../support/is-alive.ts'

export interface TestRunner {
  runner: FunctionRunner
  folder: string
  /** The warnings that the runner has logged. */
  warnings: object[]
  /** Runs a script in the runtime of an application, by default application 1. */
  invoke(
    handlerScript: string,
    given?: { spec?: Partial<RuntimeSpec> } & Partial<Invocation>,
  ): Promise<Outcome>
  /** Like `invoke`, but expects success and returns the result. */
  result(handlerScript: string, given?: Parameters<TestRunner['invoke']>[1]): Promise<unknown>
  /** Fails if a process is still running afterwards. */
  close(): Promise<void>
}

export async function startRunner(options: Partial<RunnerOptions> = {}): Promise<TestRunner> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'chatterie-functions-')))
  const warnings: object[] = []
  const runner = new FunctionRunner({
    folder: join(folder, 'shared'),
    egress: 'open',
    log: { warn: (fields, message) => warnings.push({ ...fields, message }) },
    ...options,
  })
  const versions = new Map<string, number>()
  const versionOf = (script: string) => {
    versions.set(script, versions.get(script) ?? versions.size + 1)
    return versions.get(script) ?? 0
  }
  const invoke: TestRunner['invoke'] = (handlerScript, { spec, ...invocation } = {}) => {
    const applicationId = spec?.applicationId ?? 1
    return runner.invoke(
      {
        applicationId,
        folder: join(folder, String(applicationId)),
        environment: {},
        apiOrigin: 'http://127.0.0.1:9',
        ...spec,
      },
      {
        versionId: versionOf(handlerScript),
        handlerScript,
        event: {},
        eventType: 'user.sent.message',
        token: 'token',
        timeoutMs: 10_000,
        ...invocation,
      },
    )
  }
  return {
    runner,
    folder,
    warnings,
    invoke,
    async result(...args) {
      const outcome = await invoke(...args)
      expect(outcome).toMatchObject({ status: 'SUCCEEDED' })
      return outcome.status === 'SUCCEEDED' ? outcome.result : undefined
    },
    async close() {
      const pids = runner.pids()
      await runner.close()
      expect(pids.filter(isAlive)).toEqual([])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export interface Gate {
  /** A function that fetches this URL waits until `open` is called. */
  url: string
  /** Resolves once a function waits. */
  reached: Promise<void>
  open(): void
  close(): Promise<void>
}

/** A server where functions wait, so that tests know when they run and control how long. */
export async function startGate(): Promise<Gate> {
  const held = new Set<ServerResponse>()
  let isOpen = false
  let onReached = () => {}
  const reached = new Promise<void>((resolve) => {
    onReached = resolve
  })
  const server = createServer((_, answer) => {
    onReached()
    if (isOpen) answer.end()
    else held.add(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const open = () => {
    isOpen = true
    for (const answer of held) answer.end()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached,
    open,
    close() {
      open()
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** The script of a handler with this body. */
export const handler = (body: string) => `async function handleEvent(event, context) { ${body} }`
