// Starts one embedded Postgres for the whole run, with a template database that every test file clones.
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
    /** A folder for the homes of servers shared by the files of a worker; deleted after the run. */
    homes: string
  }
}

export default async function setup(project: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'chatterie-test-'))
  // No data outlives the run. Tests of durability use their own clusters, or check which durability commits request.
  // Each worker has several servers, which need many connections.
  const settings = ['synchronous_commit=on', 'max_connections=300']
  const postgres = await startEmbeddedPostgres({ folder, log, settings, ephemeral: true })
  const { fill } = await templateIn(folder)
  await fill(postgres.url)
  // Otherwise each of some 6,000 connections would hash the password 4,096 times; see also src/postgres/own.ts.
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
