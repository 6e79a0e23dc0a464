// The metrics that a server exposes to Prometheus.
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createWebhook } from '#domain/webhooks/create-webhook.ts'
import { JobType } from '#resources/job.ts'
import { Phone } from '../realtime/phone.ts'
import { createAdmin } from '../support/admin.ts'
import { createChannel, createUser, sendMessage } from '../support/factories.ts'
import { deploy, endedInvocations } from '../support/functions.ts'
import { importFile } from '../support/jobs.ts'
import { type ExposedMetrics, readMetrics } from '../support/metrics.ts'
import { startServer, type TestServer } from '../support/server.ts'

const token = 'a-token-of-the-operator'
let server: TestServer
beforeAll(async () => {
  server = await startServer({ METRICS_TOKEN: token })
})
afterAll(() => server.close())

const deliveries = 'chatterie_webhook_delivery_duration_seconds_count'

let seen: Promise<ExposedMetrics> | undefined
/** The metrics after activity that affects each of them. */
function filledMetrics(): Promise<ExposedMetrics> {
  seen ??= fillMetrics()
  return seen
}

async function fillMetrics(): Promise<ExposedMetrics> {
  const { main } = server
  const user = await createUser(main, { name: 'ann' })
  const lobby = await createChannel(main, { members: [{ id: user.id }] })
  const greeter = await deploy(
    main,
    'user.sent.message',
    'async function handleEvent() { throw new Error() }',
  )
  await createWebhook(
    server.ctx,
    { kind: 'application', applicationId: main.id, scopes: [] },
    { url: 'http://127.0.0.1:1/', events: ['message.created'], enabled: true },
  )
  const ann = new Phone(server, main, 'ann')
  await ann.connect()
  await ann.listen(`/topic/channels/${lobby.id}.messages`)
  await sendMessage(main, lobby.id, { user: { username: 'ann' } })
  await expect.poll(() => ann.bodies(lobby.id)).toHaveLength(1)
  await endedInvocations(main, greeter)
  const tried = async () =>
    (await server.ctx.db.pool.query('select from webhook where failing_since is not null')).rowCount
  await expect.poll(tried).toBe(1)
  await importFile(main, 'users', 'no JSON')
  await main.get('/users/999999').expect(404)
  await fetch(`${server.url}/nowhere/${'x'.repeat(50)}?token=secret`)
  const exposed = await readMetrics(server.url)
  await ann.cut()
  return exposed
}

describe('the metrics', () => {
  it.each<[what: string, name: string, labels: Record<string, string>, atLeast: number]>([
    [
      'requests',
      'chatterie_request_duration_seconds_count',
      { operation: 'sendChannelMessage', status: '200' },
      1,
    ],
    ['refusals', 'chatterie_request_duration_seconds_count', { operation: 'retrieveUser', status: '404' }, 1],
    [
      'unmatched paths',
      'chatterie_request_duration_seconds_count',
      { operation: 'unmatched', status: '404' },
      1,
    ],
    ['sockets', 'chatterie_sockets', {}, 1],
    ['sessions', 'chatterie_sessions', { state: 'connected' }, 1],
    ['received frames', 'chatterie_frames_received_total', { kind: 'SUBSCRIBE' }, 2],
    ['sent frames', 'chatterie_frames_sent_total', { kind: 'MESSAGE' }, 1],
    ['frame durations', 'chatterie_frame_duration_seconds_count', { kind: 'CONNECT' }, 1],
    ['deliveries', 'chatterie_deliveries_total', {}, 1],
    ['delivery durations', 'chatterie_delivery_duration_seconds_count', {}, 1],
    ['jobs', 'chatterie_jobs', { kind: 'USER_IMPORT', state: 'FAILED' }, 1],
    ['ended jobs', 'chatterie_jobs_ended_total', { kind: 'USER_IMPORT', result: 'FAILED' }, 1],
    [
      'runs',
      'chatterie_function_run_duration_seconds_count',
      { kind: 'user.sent.message', result: 'threw' },
      1,
    ],
    ['webhook deliveries', deliveries, { kind: 'message.created', result: 'retried' }, 1],
    ['groups', 'chatterie_group_commit_size_count', {}, 1],
    ['the database', 'chatterie_database_up', {}, 1],
    ['the pool', 'chatterie_pool_connections_max', { kind: 'server' }, 16],
    ['the lead', 'chatterie_leader', {}, 1],
    ['the bus', 'chatterie_bus_connected', {}, 1],
    ['memory', 'process_resident_memory_bytes', {}, 1],
    ['the heap', 'chatterie_heap_bytes', { kind: 'server' }, 1],
  ])('contain %s', async (_what, name, labels, atLeast) => {
    const exposed = await filledMetrics()
    expect(exposed.value(name, labels)).toBeGreaterThanOrEqual(atLeast)
  })

  it.each([
    'chatterie_outbox_events',
    'chatterie_outbox_age_seconds',
    'chatterie_function_runs',
    'chatterie_pool_waiting',
    'chatterie_set_aside_total',
    'chatterie_sessions_closed_total',
    'chatterie_sockets_cut_off_total',
    'chatterie_event_loop_delay_p99_seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'process_cpu_seconds_total',
  ])('contain %s from the start', async (name) => {
    const exposed = await filledMetrics()
    expect(exposed.value(name)).toBeGreaterThanOrEqual(0)
  })

  it('contain from the start the series whose increase raises an alert', async () => {
    const exposed = await filledMetrics()
    const kinds = ['event', 'notification', 'function_run', 'webhook_delivery']
    for (const kind of kinds) expect(exposed.value('chatterie_set_aside_total', { kind }), kind).toBe(0)
    for (const kind of JobType.options.filter((type) => type !== 'USER_IMPORT')) {
      expect(exposed.value('chatterie_jobs_ended_total', { kind, result: 'FAILED' }), kind).toBe(0)
    }
  })

  it('measure the time from writing an event to its delivery', async () => {
    const exposed = await filledMetrics()
    const seconds = exposed.value('chatterie_delivery_duration_seconds_sum') ?? Number.NaN
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(10)
  })

  it('have labels whose number of values does not grow', async () => {
    const exposed = await filledMetrics()
    const allowed = new Set(['operation', 'status', 'kind', 'state', 'result', 'le'])
    for (const [name, labels] of exposed.labels) {
      if (!name.startsWith('chatterie_')) expect(name).toMatch(/^(process|nodejs)_/)
      else
        expect(
          [...labels].filter((label) => !allowed.has(label)),
          name,
        ).toEqual([])
    }
    expect(exposed.text).not.toMatch(/x{20}|token=|"ann"/)
  })

  it('count requests between two scrapes', async () => {
    const asked = { operation: 'retrieveApplication', status: '200' }
    const exposed = await filledMetrics()
    const before = exposed.value('chatterie_request_duration_seconds_count', asked) ?? 0
    for (let times = 0; times < 3; times += 1) await server.main.get('/application').expect(200)
    const after = await readMetrics(server.url)
    expect(after.value('chatterie_request_duration_seconds_count', asked)).toBe(before + 3)
    expect(after.value('chatterie_request_duration_seconds_bucket', { ...asked, le: '+Inf' })).toBe(
      before + 3,
    )
  })
})

const requests = 'chatterie_request_duration_seconds_count'
const times = async (labels: Record<string, string>) =>
  (await readMetrics(server.url)).value(requests, labels)

it('a client that disconnects before its response is recorded with status 499', async () => {
  const client = await server.ctx.db.pool.connect()
  await client.query('begin; lock table "user" in access exclusive mode')
  const leaving = new AbortController()
  const asked = fetch(`${server.url}/v1/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.main.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'late', displayName: 'Late', isGuest: false }),
    signal: leaving.signal,
  }).catch(() => undefined)
  const waiting = async () => (await client.query('select from pg_locks where not granted')).rows.length
  await expect.poll(waiting).toBeGreaterThan(0)
  leaving.abort()
  await asked
  await expect.poll(() => times({ operation: 'createUser', status: '499' })).toBe(1)
  await client.query('rollback')
  client.release()
})

it('the duration of a live stream is not recorded as a request', async () => {
  const { key } = await createAdmin(server, 'viewer')
  const leaving = new AbortController()
  const live = `${server.url}/admin/v1/applications/${server.main.id}/live`
  const { signal } = leaving
  const answer = await fetch(live, { headers: { authorization: `Bearer ${key}` }, signal })
  expect(answer.status).toBe(200)
  leaving.abort()
  await fetch(live) // is closed after the first stream
  await expect.poll(() => times({ operation: 'admin.watchLive', status: '401' })).toBe(1)
  expect(await times({ operation: 'admin.watchLive', status: '200' })).toBeUndefined()
})

/** The names in a PromQL expression except functions: metrics, labels of matchers, and labels to group by. */
function namesIn(expression: string) {
  const plain = expression.replace(/"[^"]*"/g, '""')
  const metrics = plain.match(/\b(?:chatterie|process|nodejs)_\w+|\bup\b/g) ?? []
  const matchers = [...plain.matchAll(/(\w+)\{([^}]*)\}/g)].flatMap(([, metric = '', inside = '']) =>
    [...inside.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => ({ metric, label })),
  )
  const groups = [...plain.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(/,\s*/))
  return { metrics, matchers, groups }
}

/** The labels that Prometheus adds for every target. */
const ofPrometheus = ['job', 'instance']

async function mustExist(expression: string): Promise<void> {
  const exposed = await filledMetrics()
  const { metrics, matchers, groups } = namesIn(expression)
  expect(metrics.length, expression).toBeGreaterThan(0)
  for (const metric of metrics) {
    if (metric !== 'up') expect(exposed.names, expression).toContain(metric)
  }
  for (const { metric, label } of matchers) {
    const known = [...(exposed.labels.get(metric) ?? []), ...ofPrometheus]
    expect(known, `${metric}{${label}}`).toContain(label)
  }
  const labels = metrics.flatMap((metric) => [...(exposed.labels.get(metric) ?? []), ...ofPrometheus])
  for (const label of groups) expect(labels, expression).toContain(label)
}

describe('dashboards and alerts', () => {
  it('the Grafana dashboards refer only to existing metrics and labels', async () => {
    const { panels, templating } = JSON.parse(await readFile('docs/grafana.json', 'utf8'))
    const targets = panels.flatMap(({ targets: of = [] }: { targets?: { expr: string }[] }) => of)
    expect(targets.length).toBeGreaterThan(40)
    for (const { expr } of targets) await mustExist(expr)
    const { definition } = templating.list.find(({ name }: { name: string }) => name === 'instance')
    await mustExist(definition)
  })

  it('the alerts do as well, and the guide describes what to do for each', async () => {
    const { groups } = parse(await readFile('docs/alerts.yaml', 'utf8'))
    const rules = groups.flatMap((group: { rules: object[] }) => group.rules)
    const guide = await readFile('docs/operating.md', 'utf8')
    expect(rules.length).toBeGreaterThan(10)
    for (const { alert, expr, labels, annotations } of rules) {
      await mustExist(expr)
      expect(labels.severity).toMatch(/^(critical|warning|info)$/)
      expect(annotations).toEqual({ summary: expect.any(String), description: expect.any(String) })
      expect(guide).toContain(`| \`${alert}\``)
    }
  })

  it('the share of failed requests does not include those of load balancers to /ready', async () => {
    const { groups } = parse(await readFile('docs/alerts.yaml', 'utf8'))
    const rules: { alert: string; expr: string }[] = groups.flatMap(
      (group: { rules: object[] }) => group.rules,
    )
    const expr = rules.find(({ alert }) => alert === 'ChatterieErrors')?.expr ?? ''
    const selectors = expr.match(/chatterie_request_duration_seconds_count[^[]*/g)
    expect(selectors).toHaveLength(2)
    for (const selector of selectors ?? []) expect(selector).toContain('operation!="other"')
  })

  it('every metric of the server is in a dashboard, and in the guide', async () => {
    const exposed = await filledMetrics()
    const names = [...exposed.text.matchAll(/^# TYPE (chatterie_\w+)/gm)].map(([, name = '']) => name)
    expect(names.length).toBeGreaterThan(20)
    const dashboards = await readFile('docs/grafana.json', 'utf8')
    const guide = await readFile('docs/operating.md', 'utf8')
    for (const name of names) {
      if (name !== 'chatterie_database_up') expect(dashboards).toContain(name)
      expect(guide).toContain(`\`${name}\``)
    }
  })
})
