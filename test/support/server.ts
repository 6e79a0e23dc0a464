// Starts the real server, with its own database or shared by the files of a worker, and provides helpers to call it.

import { rm } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { pino } from 'pino'
import supertest from 'supertest'
import { v4 as uuid } from 'uuid'
import { expect, inject } from 'vitest'
import { openBus } from '#bus/open.ts'
import { type Config, readConfig } from '#config.ts'
import { type Context, openContext } from '#context.ts'
import { Node } from '#data/events/node.ts'
import { createApplication, type NewCredentials } from '#domain/applications/create-application.ts'
import { finishApplication } from '#domain/applications/finish-application.ts'
import { leastCost } from '#domain/applications/secrets.ts'
import { Worker } from '#jobs/worker.ts'
import { prepareServing } from '#serve.ts'
import type { StompLimits } from '#stomp/limits.ts'
import { openTracing } from '#tracing/open.ts'
import { checkResponses } from './check-response.ts'

export interface TestServer {
  ctx: Context
  app: FastifyInstance
  /** The server's URL, `http://127.0.0.1:<port>`. */
  url: string
  /** The first application. */
  main: TestApplication
  /** Creates another application. */
  createApplication(): Promise<TestApplication>
  /** Stops the server. Fails if it gave an answer that openapi.yaml does not describe. */
  close(): Promise<void>
}

export interface TestApplication extends NewCredentials {
  id: number
  token: string
  /** Requests with the application's token. Paths are relative to `/v1`, bodies are JSON. */
  get(path: string): supertest.Test
  head(path: string): supertest.Test
  post(path: string, body?: unknown): supertest.Test
  put(path: string, body?: unknown): supertest.Test
  patch(path: string, body?: unknown): supertest.Test
  delete(path: string): supertest.Test
}

/** For `agent` of supertest, to reuse connections: opening one takes as long as answering a request. */
export const connections = new Agent({ keepAlive: true })

/** Clones the template database. */
export async function cloneDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const template = new URL(inject('templateUrl'))
  const name = `test_${uuid().replaceAll('-', '')}`
  await administer(`create database ${name} template ${template.pathname.slice(1)}`)
  const url = new URL(template)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) }
}

async function administer(statement: string): Promise<void> {
  const url = new URL(inject('templateUrl'))
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    // Clones of one template cannot be made at the same time.
    await client.query(`select pg_advisory_lock(hashtext('test databases'))`)
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Starts a server with its own database. @param settings environment variables @param limits of sockets */
export async function startServer(
  settings: Record<string, string> = {},
  limits: Partial<StompLimits> = {},
): Promise<TestServer> {
  const database = await cloneDatabase()
  const server = await serve(database.url, settings, limits)
  return {
    ...server,
    main: await server.createApplication(),
    async close() {
      await server.close()
      await database.drop()
      server.expectDescribed()
    },
  }
}

let shared: Promise<RunningServer> | undefined

/**
 * Returns the server that all files of a worker share, with applications of this file's own, deleted by `close`. Use it
 * only for tests that look at nothing else: the server also serves other files, and has their rows. It has no settings.
 */
export async function shareServer(): Promise<TestServer> {
  // The server ends with the worker; its home and its database are deleted at the end of the run.
  shared ??= cloneDatabase().then(({ url }) => serve(url, { CHATTERIE_HOME: join(inject('homes'), uuid()) }))
  const server = await shared
  const applications: TestApplication[] = []
  const create = async () => {
    const application = await server.createApplication()
    applications.push(application)
    return application
  }
  return {
    ...server,
    main: await create(),
    createApplication: create,
    async close() {
      for (const { id } of applications) await finishApplication(server.ctx, id)
      server.expectDescribed()
    },
  }
}

interface RunningServer extends Omit<TestServer, 'main'> {
  /** Fails if an answer since the last call is not described by openapi.yaml. */
  expectDescribed(): void
}

async function serve(
  databaseUrl: string,
  settings: Record<string, string> = {},
  limits: Partial<StompLimits> = {},
): Promise<RunningServer> {
  const config: Config = readConfig({
    CHATTERIE_HOME: join(tmpdir(), `chatterie-home-${uuid()}`),
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'silent',
    ...settings,
  })
  const log = pino({ level: config.logLevel })
  const node = new Node(databaseUrl, log)
  await node.start()
  const bus = await openBus(config.redisUrl, `chatterie:${node.installation}`, log)
  const tracing = await openTracing(config, log)
  const ctx = openContext(config, log, databaseUrl, {
    node,
    bus,
    tracing,
    environment: { ...process.env, ...settings },
  })
  const serving = await prepareServing(ctx, limits)
  await serving.start()
  const { app } = serving
  const undescribed = checkResponses(app.server)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address() as { port: number }
  const url = `http://127.0.0.1:${address.port}`
  const worker = new Worker(ctx)
  worker.start()
  return {
    ctx,
    app,
    url,
    createApplication: () => createTestApplication(ctx, url),
    async close() {
      connections.destroy() // otherwise the server would wait for the rest of requests answered early
      await worker.stop()
      await serving.close()
      await ctx.db.close()
      await bus.close()
      await node.close()
      await tracing?.close()
      await rm(config.home, { recursive: true, force: true })
    },
    expectDescribed() {
      const found = [...undescribed]
      undescribed.clear()
      expect(found, 'answers that openapi.yaml does not describe').toEqual([])
    },
  }
}

async function createTestApplication(ctx: Context, url: string): Promise<TestApplication> {
  const credentials = await ctx.db.transact((tx) => createApplication(tx, 'Test', {}, leastCost))
  const answer = await supertest(url)
    .post('/oauth/token')
    .auth(credentials.clientId, credentials.clientSecret)
    .type('form')
    .send({ grant_type: 'client_credentials' })
  const token: string = answer.body.access_token
  const authorized = (test: supertest.Test) => test.agent(connections).set('authorization', `Bearer ${token}`)
  const send = (method: 'post' | 'put' | 'patch') => (path: string, body?: unknown) => {
    const test = authorized(supertest(url)[method](`/v1${path}`))
    return body === undefined ? test : test.type('application/json').send(JSON.stringify(body))
  }
  const { body: application } = await authorized(supertest(url).get('/v1/application'))
  return {
    ...credentials,
    id: application.id,
    token,
    get: (path) => authorized(supertest(url).get(`/v1${path}`)),
    head: (path) => authorized(supertest(url).head(`/v1${path}`)),
    post: send('post'),
    put: send('put'),
    patch: send('patch'),
    delete: (path) => authorized(supertest(url).delete(`/v1${path}`)),
  }
}
