import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { v4 as uuid } from 'uuid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { markJobBegun } from '#data/jobs/jobs.ts'
import { theSystem } from '#domain/access/operator.ts'
import { deleteApplication } from '#domain/applications/delete-application.ts'
import { Superseded, storeBatch } from '#domain/jobs/store-batch.ts'
import { storeUsers } from '#domain/jobs/store-users.ts'
import { runExport } from '#jobs/export.ts'
import { runJob } from '#jobs/run-job.ts'
import { createChannel, createUser } from '../support/factories.ts'
import { endedJob, importFile, upload } from '../support/jobs.ts'
import { expectRefusal } from '../support/protects.ts'
import { startServer, type TestApplication, type TestServer } from '../support/server.ts'

let server: TestServer
let main: TestApplication
beforeAll(async () => {
  server = await startServer({ IMPORT_SIZE_MAX: String(200_000_000) })
  main = server.main
})
afterAll(() => server.close())

describe('a file that is no JSON array to its end', () => {
  it.each([
    ['', 'The file is empty'],
    ['name,displayName\nann,Ann', 'The file is not a JSON array'],
    ['{"name": "ann", "displayName": "Ann"}', 'The file is not a JSON array'],
    ['[}', 'The array ends with a }'],
  ])('fails its job: %j', async (content, reason) => {
    expect(await importFile(main, 'users', content)).toMatchObject({
      state: 'FAILED',
      processed: 0,
      failed: 0,
      errors: [{ index: 0, reason }],
      endedTime: expect.any(String),
    })
  })

  it('fails its job after all complete items are stored', async () => {
    const application = await server.createApplication()
    const text = JSON.stringify(users(2_500)).slice(0, -10)
    expect(await importFile(application, 'users', text)).toMatchObject({
      state: 'FAILED',
      processed: 2_499,
      failed: 0,
      total: 2_499,
      errors: [{ index: 2_499, reason: 'The file ends before its array does' }],
    })
    expect(await count(application, 'users')).toBe(2_499)
  })
})

it('a job whose file is not on this server says so in the end', async () => {
  const application = await server.createApplication()
  const [row] = await server.ctx.db.query(
    {
      text: `insert into job (application_id, type, state, input)
        values ($1, 'USER_IMPORT', 'RUNNING', $2::jsonb) returning id`,
    },
    [application.id, JSON.stringify({ fileKey: uuid() })],
  )
  const id = Number(row?.[0])
  await runJob(server.ctx, id, { signal: new AbortController().signal, isLast: true })
  expect(await endedJob(application, id)).toMatchObject({
    state: 'FAILED',
    errors: [{ index: 0, reason: expect.stringMatching(/^The file of this import is missing/) }],
  })
})

describe('an invalid item', () => {
  it('fails alone when it is nested without end', async () => {
    const application = await server.createApplication()
    const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`
    const text = `[{"name": "deep", "displayName": "D", "properties": ${deep}}, ${JSON.stringify(users(1)[0])}]`
    expect(await importFile(application, 'users', text)).toMatchObject({
      state: 'FINISHED',
      processed: 2,
      failed: 1,
      errors: [{ index: 0, reason: 'is larger than 1048576 bytes' }],
    })
    const shallow = `[{"name": "a", "displayName": "A", "properties": ${'{"a":'.repeat(100)}1${'}'.repeat(100)}}]`
    const { errors } = await importFile(application, 'users', shallow)
    expect(errors).toEqual([{ index: 0, reason: expect.stringContaining('at most 64 levels deep') }])
  })

  it('fails alone when it is 100 MB large, and is not held in memory', async () => {
    const application = await server.createApplication()
    const before = process.memoryUsage().rss
    const chunk = Buffer.alloc(1_000_000, 'x')
    const job = await uploadStream(application, async (send) => {
      await send('[{"name": "huge", "displayName": "')
      for (let sent = 0; sent < 100; sent++) await send(chunk)
      await send(`"}, ${JSON.stringify(users(1)[0])}]`)
    })
    const done = await endedJob(application, job.id)
    expect(done).toMatchObject({ state: 'FINISHED', processed: 2, failed: 1 })
    expect(done.errors).toEqual([{ index: 0, reason: 'is larger than 1048576 bytes' }])
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000)
  })
})

describe('an upload', () => {
  it('that is too large is refused, and leaves nothing behind', async () => {
    const small = await startServer({ IMPORT_SIZE_MAX: '1000' })
    try {
      expectRefusal(
        await upload(small.main, 'users', JSON.stringify(users(100))),
        413,
        'PayloadTooLargeError',
      )
      expect(await importFile(small.main, 'users', users(10))).toMatchObject({ state: 'FINISHED' })
      expect(await count(small.main, 'jobs')).toBe(1)
      await expect.poll(() => fileKeys(small)).toHaveLength(1) // the finished job's file, which is deleted later
    } finally {
      await small.close()
    }
  })

  it('that is aborted creates no job', async () => {
    const application = await server.createApplication()
    const known = (await fileKeys(server)).length
    await expect(
      uploadStream(application, async (send, request) => {
        await send('[{"name": "a", "displayName": "A"}]')
        request.destroy()
      }),
    ).rejects.toThrow()
    await expect.poll(() => fileKeys(server)).toHaveLength(known)
    expect(await count(application, 'jobs')).toBe(0)
  })
})

describe('jobs', () => {
  it('run one at a time for an application, and side by side for several', async () => {
    const [one, other] = [await server.createApplication(), await server.createApplication()]
    const long = await upload(one, 'users', JSON.stringify(users(20_000))).expect(202)
    const next = await upload(one, 'users', '[]').expect(202)
    const beside = await upload(other, 'users', '[]').expect(202)

    const atBesidesEnd = await endedJob(other, beside.body.id).then(() => one.get(`/jobs/${long.body.id}`))
    expect(atBesidesEnd.body.state).toBe('RUNNING')
    const first = await endedJob(one, long.body.id)
    const second = await endedJob(one, next.body.id)
    expect(first).toMatchObject({ state: 'FINISHED', processed: 20_000 })
    expect(Date.parse(second.endedTime)).toBeGreaterThanOrEqual(Date.parse(first.endedTime))
  })

  it('report their progress while they run', async () => {
    const application = await server.createApplication()
    const { body } = await upload(application, 'users', JSON.stringify(users(20_000))).expect(202)
    const seen = new Set<number>()
    for (let state = ''; state !== 'FINISHED'; ) {
      const { body: job } = await application.get(`/jobs/${body.id}`).expect(200)
      if (job.state === 'RUNNING' && job.processed > 0) {
        expect(job.total).toBe(20_000)
        seen.add(job.processed)
      }
      state = job.state
    }
    expect(seen.size).toBeGreaterThan(2)
    expect(await count(application, 'users')).toBe(20_000)
  })

  it('are not done twice by a process that was taken for dead', async () => {
    const application = await server.createApplication()
    const { db } = server.ctx
    const [row] = await db.query(
      {
        text: `insert into job (application_id, type, state) values ($1, 'USER_IMPORT', 'RUNNING') returning id`,
      },
      [application.id],
    )
    const job = await markJobBegun(db, row?.[0] as number)
    if (!job) throw new Error('there is no job')
    const [first, second] = [0, 1].map((index) => ({
      items: [{ index, item: { name: `user ${index}`, displayName: 'U', guest: false, properties: {} } }],
      errors: [],
    }))
    if (!first || !second) throw new Error('there are no batches')
    const attempts = await Promise.allSettled([
      storeBatch(server.ctx, job, first, storeUsers),
      storeBatch(server.ctx, job, second, storeUsers),
    ])
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(attempts.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(Superseded),
    })
    expect(await count(application, 'users')).toBe(1)
  })

  it('that export keep one file, also if another process was taken for dead and ended the job first', async () => {
    const application = await server.createApplication()
    const { db } = server.ctx
    const [row] = await db.query(
      {
        text: `insert into job (application_id, type, state) values ($1, 'USER_ANALYTICS_EXPORT', 'RUNNING')
          returning id`,
      },
      [application.id],
    )
    const job = await markJobBegun(db, row?.[0] as number)
    if (!job) throw new Error('there is no job')
    for (const _ of [1, 2]) await runExport(server.ctx, job, new AbortController().signal)
    const files = await db.query(
      {
        text: `select f.expires_time is null, j.id is not null from file f left join job j on j.file_id = f.id
          where f.application_id = $1 order by f.id`,
      },
      [application.id],
    )
    expect(files).toEqual([
      [true, true],
      [false, false],
    ])
  })

  it('of an application that is deleted end with it', async () => {
    const application = await server.createApplication()
    const { body } = await upload(application, 'users', JSON.stringify(users(20_000))).expect(202)
    await deleteApplication(server.ctx, theSystem, String(application.id))
    await expect.poll(() => queued(body.id)).toBe(0)
  })

  it.each(['members', 'channels'])(
    'that store %s make no user a member who is being deleted',
    async (what) => {
      const application = await server.createApplication()
      const { id } = await createUser(application, { name: 'leaving' })
      await createUser(application, { name: 'staying' })
      const channel = await createChannel(application, { name: 'members' })
      const names = ['leaving', 'staying']
      const items =
        what === 'members'
          ? names.map((username) => ({ username }))
          : [{ type: 'PUBLIC', name: 'channels', creator: 'leaving', members: names }]
      const client = await server.ctx.db.pool.connect()
      try {
        await client.query('begin')
        await client.query('update "user" set deleted_time = now() where id = $1', [id])
        const path = what === 'members' ? `channels/${channel.id}/members` : what
        const job = await upload(application, path, JSON.stringify(items)).expect(202)
        const waiting =
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        await expect.poll(async () => (await server.ctx.db.pool.query(waiting)).rowCount).toBeGreaterThan(0)
        await client.query('commit')
        expect(await endedJob(application, job.body.id)).toMatchObject({ state: 'FINISHED', failed: 0 })
      } finally {
        client.release(true)
      }
      const members = await server.ctx.db.query(
        {
          text: `select u.name from channel_membership cm join channel c on c.id = cm.channel_id
          join "user" u on u.id = cm.user_id where c.application_id = $1 and c.name = $2`,
        },
        [application.id, what],
      )
      expect(members).toEqual([['staying']])
      const { body } = await application.get('/channels').expect(200)
      const { id: channelId } = body._embedded.channels.find(({ name }: { name: string }) => name === what)
      expect(await count(application, `channels/${channelId}/members`)).toBe(1)
    },
  )

  it('that store messages do not block the deletion of the channel', async () => {
    const application = await server.createApplication()
    await createUser(application, { name: 'ann' })
    const [kept, gone] = [await createChannel(application), await createChannel(application)]
    const items = Array.from({ length: 10_000 }, (_, at) => ({
      type: 'TEXT',
      channelId: at % 2 ? kept.id : gone.id,
      user: 'ann',
      body: `message ${at}`,
    }))
    const { body } = await upload(application, 'messages', JSON.stringify(items)).expect(202)
    await expect
      .poll(async () => (await application.get(`/jobs/${body.id}`)).body.processed, { interval: 5 })
      .toBeGreaterThan(0)
    await application.delete(`/channels/${gone.id}`).expect(200)
    const job = await endedJob(application, body.id)
    expect(job).toMatchObject({ state: 'FINISHED', processed: 10_000 })
    expect(await count(application, 'messages', 'total')).toBe(5_000)
  })
})

function users(number: number) {
  return Array.from({ length: number }, (_, at) => ({ name: `user-${at}`, displayName: `User ${at}` }))
}

/** The count that the REST API returns. */
async function count(application: TestApplication, what: string, of = 'totalElements'): Promise<number> {
  const { body } = await application.get(`/${what}`).expect(200)
  return body.page[of]
}

async function fileKeys({ ctx }: TestServer): Promise<unknown[]> {
  return ctx.db.query({ text: 'select key from file' }, [])
}

async function queued(jobId: number): Promise<unknown> {
  const [row] = await server.ctx.db.query(
    { text: `select count(*) from graphile_worker._private_jobs where payload->>'jobId' = $1` },
    [String(jobId)],
  )
  return row?.[0]
}

type Send = (bytes: string | Buffer) => Promise<void>

/** Imports users from a file that is streamed, never completely in memory. */
async function uploadStream(
  application: TestApplication,
  write: (send: Send, request: ClientRequest) => Promise<void>,
): Promise<{ id: number }> {
  const request = httpRequest(`${server.url}/v1/imports/users`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${application.token}`,
      'content-type': 'multipart/form-data; boundary=edge',
    },
  })
  const answered = once(request, 'response') as Promise<[IncomingMessage]>
  answered.catch(() => {})
  const send: Send = async (bytes) => {
    if (!request.write(bytes)) await once(request, 'drain')
    else await setImmediate()
  }
  await send('--edge\r\ncontent-disposition: form-data; name="file"; filename="a.json"\r\n\r\n')
  await write(send, request)
  request.end('\r\n--edge--\r\n')
  const [response] = await answered
  return (await json(response)) as { id: number }
}
