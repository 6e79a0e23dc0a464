// Sends a webhook: one request, no redirects, within the limits that egress has.
import { lookup } from 'node:dns/promises'
import { anywhere, type Guard, isPublic, publicWeb } from '#previews/guard.ts'
import { Questions } from '#webhooks/questions.ts'

export interface Posted {
  status: number
  /** The first 64 KiB of the body. */
  answer: Buffer
  /** Whether that is all of it. */
  isWhole: boolean
  /** What the receiver says that it is; empty where it says nothing. */
  contentType: string
  /** What the receiver wrote into Retry-After. */
  retryAfter: string | undefined
}

export interface WebhookClient {
  /** To those that decide something. */
  questions: Questions
  /** @throws where nothing is answered, or nothing may be sent there */
  post(url: string, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<Posted>
}

/** Answers that decide something are short, and of the others the journal of a test keeps as much. */
const answerBytesMax = 65_536

/** On the public internet, at any port. */
const guarded: Guard = { ...publicWeb, mayConnect: isPublic }
/** Anywhere this machine knows by name. */
const open: Guard = {
  ...anywhere,
  resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
}

export function openWebhookClient({ egress }: { egress: 'guarded' | 'open' }): WebhookClient {
  const guard = egress === 'open' ? open : guarded
  return {
    questions: new Questions(),
    async post(url, headers, body, signal) {
      // Who has no webhooks does without: 50 ms of a start.
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
        void client.destroy() // not awaited: where it is still connecting, it is destroyed only after that
      }
    },
  }
}

/** The status is what counts; of the rest, what there is. */
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
