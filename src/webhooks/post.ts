// Sends requests to webhooks: a single POST without redirects, within the configured egress.
import { lookup } from 'node:dns/promises'
import { type Guard, isPublic, publicWeb, unrestricted } from '#previews/guard.ts'
import { Questions } from '#webhooks/questions.ts'

export interface Posted {
  status: number
  /** The first 64 KiB of the body. */
  answer: Buffer
  /** Whether `answer` is the complete body. */
  isWhole: boolean
  /** The receiver's Content-Type; empty if there is none. */
  contentType: string
  /** The receiver's Retry-After. */
  retryAfter: string | undefined
}

export interface WebhookClient {
  /** Limits concurrent requests to webhooks that make decisions. */
  questions: Questions
  /** @throws if there is no answer, or the URL is not permitted */
  post(url: string, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Posted>
}

/** Answers with decisions are short; the journal of a test keeps this much of the others. */
const answerBytesMax = 65_536

/** The public internet, at any port. */
const guarded: Guard = { ...publicWeb, mayConnect: isPublic }
/** Any address, resolved by this machine. */
const open: Guard = {
  ...unrestricted,
  resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
}

export function openWebhookClient({ egress }: { egress: 'guarded' | 'open' }): WebhookClient {
  const guard = egress === 'open' ? open : guarded
  return {
    questions: new Questions(),
    async post(url, headers, body, signal) {
      // Loaded on demand: servers without webhooks start 50 ms faster.
      const { Client, guardedConnector } = await import('#previews/connector.ts')
      const { origin, pathname, search } = new URL(url)
      const client = new Client(origin, { connect: guardedConnector(guard, signal), pipelining: 0 })
      try {
        const answered = await client.request({
          method: 'POST',
          path: pathname + search,
          headers: { 'content-type': 'application/json', 'user-agent': 'Chatterie webhooks', ...headers },
          body,
          signal,
        })
        const { 'retry-after': retryAfter, 'content-type': contentType } = answered.headers
        return {
          status: answered.statusCode,
          ...(await beginningOf(answered.body)),
          contentType: typeof contentType === 'string' ? contentType : '',
          retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
        }
      } finally {
        void client.destroy() // not awaited: a connecting client is only destroyed once it has connected
      }
    },
  }
}

/** Reads the body as far as possible; errors are ignored, because the status is what counts. */
async function beginningOf(stream: AsyncIterable<Buffer>): Promise<Pick<Posted, 'answer' | 'isWhole'>> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      size += chunk.length
      if (size > answerBytesMax) break
    }
  } catch {}
  return { answer: Buffer.concat(chunks).subarray(0, answerBytesMax), isWhole: size <= answerBytesMax }
}
