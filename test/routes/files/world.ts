// A server with a limit for files, and how its files are sent and read.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import supertest from 'supertest'
import { afterAll, beforeAll } from 'vitest'
import type { ChannelDocument } from '../../support/documents.ts'
import { createChannel } from '../../support/factories.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'

export const sizeMax = 1_000_000
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** The beginning of a form with a file and the boundary `b`. */
export const part =
  '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\ncontent-type: image/png\r\n\r\n'

/** Registers the start and the end of a server. @returns what is available while the tests run */
export function openFileWorld() {
  const world = {} as { server: TestServer; main: TestApplication; channel: ChannelDocument }
  beforeAll(async () => {
    const server = await startServer({ FILE_SIZE_MAX: String(sizeMax) })
    const channel = await createChannel(server.main)
    Object.assign(world, { server, main: server.main, channel })
  })
  afterAll(() => world.server.close())

  const at = (url: string) => supertest(world.server.url).get(new URL(url).pathname)
  const bearer = (application = world.main) => `Bearer ${application.token}`
  return Object.assign(world, {
    /** Requests a file without a token. */
    at,
    bearer,
    /** Requests a file with the token of its application. */
    read: (url: string) => at(url).set('authorization', bearer()).buffer().parse(bytes),

    /** Sends a file as a system message. */
    async sendFile(content: string | Buffer = png, name = 'dot.png') {
      const { body } = await world.main
        .post(`/channels/${world.channel.id}/messages`)
        .attach('file', Buffer.from(content), name)
        .expect(200)
      return body
    },

    /** Counts files: rows, and files on the disk including incomplete ones. */
    async kept(): Promise<{ rows: number; files: number }> {
      const { ctx } = world.server
      const [[rows] = []] = await ctx.db.query({ text: 'select count(*) from file' }, [])
      const entries = await readdir(join(ctx.config.home, 'files'), {
        recursive: true,
        withFileTypes: true,
      }).catch(() => [])
      return { rows: rows as number, files: entries.filter((entry) => entry.isFile()).length }
    },
  })
}

/** A parser for supertest that returns the raw body of any content type. */
function bytes(response: unknown, done: (error: Error | null, body: Buffer) => void) {
  const chunks: Buffer[] = []
  const stream = response as NodeJS.ReadableStream
  stream.on('data', (chunk) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)))
}
