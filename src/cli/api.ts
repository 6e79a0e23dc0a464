// The parts of a running server's Platform API that commands need.
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from '#cli/output.ts'
import type { Progress } from '#cli/progress.ts'
import { readSettings } from '#config.ts'
import type { Job } from '#resources/job.ts'
import { readCredentials } from '#secrets/kept-credentials.ts'

export interface RemoteOptions {
  url?: string
  clientId?: string
  clientSecret?: string
}

export interface Api {
  /** Without a trailing slash. */
  base: string
  token: string
  send(method: 'GET' | 'POST' | 'PUT', path: string, body?: Body): Promise<Response>
  /** Opens a file that an answer links to, on the server that was asked, whatever host the link has. */
  open(url: string): Promise<Response>
}

export interface Body {
  content: ReadableStream<Uint8Array>
  type: string
}

/** Gets a token for the application of the options, the settings or the home folder. */
export async function connect(options: RemoteOptions): Promise<Api> {
  const config = readSettings()
  const base = (options.url ?? config.publicUrl ?? `http://localhost:${config.port}`).replace(/\/+$/, '')
  if (!URL.canParse(base)) throw new UsageError(`${base} is not a URL`)
  const kept = await readCredentials(config.home)
  const clientId = options.clientId ?? config.clientId ?? kept?.clientId
  const isKept = clientId === kept?.clientId
  const clientSecret =
    options.clientSecret ?? config.clientSecret ?? (isKept ? kept?.clientSecret : undefined)
  if (!clientId || !clientSecret) {
    throw new UsageError(
      'Whose application? Give --client-id and --client-secret, or the --home that keeps them',
    )
  }
  const answer = await mustSucceed(
    await fetch(`${base}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    }),
  )
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const send: Api['send'] = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': body.type }) }
    // If redirects are possible, fetch keeps a copy of everything sent.
    const sent = body && { body: body.content, duplex: 'half' as const, redirect: 'error' as const }
    return mustSucceed(await fetch(`${base}/v1${path}`, { method, headers, ...sent }))
  }
  return {
    base,
    token,
    send,
    open(url) {
      // The token must not be sent to other hosts.
      const ours = /\/v1(\/files\/.+)$/.exec(new URL(url).pathname)?.[1]
      return ours === undefined ? fetch(url) : send('GET', ours)
    },
  }
}

/** An unsuccessful answer of a server. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

async function mustSucceed(answer: Response): Promise<Response> {
  if (answer.ok) return answer
  const body = await answer.json().catch(() => ({}))
  const { message, detail, error_description: description } = body as Record<string, string>
  throw new Refusal(
    answer.status,
    `${detail ?? message ?? description ?? 'the server failed'} (${answer.status})`,
  )
}

const pollMs = 250
/** How long to wait for a server that restarts; it continues its jobs afterwards. */
const absenceMaxMs = 60_000

/** Shows the progress of a job until it ends. */
export function followJob(api: Api, id: number, progress: Progress): Promise<Job> {
  return untilEnded(api, id, progress).finally(() => progress.end())
}

async function untilEnded(api: Api, id: number, progress: Progress): Promise<Job> {
  let seenAt = performance.now()
  for (;;) {
    try {
      const job = (await (await api.send('GET', `/jobs/${id}`)).json()) as Job
      seenAt = performance.now()
      progress.show(job.processed, job.total)
      if (job.state === 'FINISHED' || job.state === 'FAILED') return job
    } catch (error) {
      if (!mayPass(error) || performance.now() - seenAt > absenceMaxMs) throw error
    }
    await sleep(pollMs)
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof Refusal ? error.status === 429 || error.status >= 500 : error instanceof TypeError
}
