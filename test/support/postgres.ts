// One embedded Postgres for the whole run, with a template that every test file clones.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '#postgres/embedded-postgres.ts'
import { templateIn } from '#template.ts'
import { query } from './query.ts'

const log = { debug() {}, info() {}, warn: console.warn }

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the template database. */
    templateUrl: string
    /** A folder that is gone after the run, for homes of servers that the files of a worker share. */
    homes: string
  }
}

export default async function setup(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-test-'))
  // Nothing of it outlives the run; tests of durability have clusters of their own, or see what commits ask for. Each
  // worker has several servers.
  const settings = ['synchronous_commit=on', 'max_connections=300']
  const postgres = await startEmbeddedPostgres({ folder, log, settings, ephemeral: true })
  const { fill } = await templateIn(folder)
  await fill(postgres.url)
  // Else each of some 6,000 connections would hash it 4,096 times; copies have theirs so too (src/postgres/own.ts).
  const { username, password } = new URL(postgres.url)
  await query(postgres.url, `set scram_iterations = 1; alter role ${username} password '${password}'`)
  project.provide('templateUrl', postgres.url)
  const homes = await mkdtemp(join(tmpdir(), 'chatterie-homes-'))
  project.provide('homes', homes)
  return async () => {
    await postgres.stop()
    for (const path of [folder, homes]) await rm(path, { recursive: true, force: true, maxRetries: 5 })
  }
}
