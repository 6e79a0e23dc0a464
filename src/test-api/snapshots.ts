// The routes of snapshots of worlds (testing contract 2).
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { addSnapshot } from '#domain/worlds/add-snapshot.ts'
import { deleteSnapshot } from '#domain/worlds/delete-snapshot.ts'
import { getSnapshot } from '#domain/worlds/get-snapshot.ts'
import { listSnapshots } from '#domain/worlds/list-snapshots.ts'
import { takeSnapshot } from '#domain/worlds/take-snapshot.ts'
import { WorldName } from '#resources/worlds/world.ts'
import { readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'
import { disposition } from '#wire/download.ts'

const snapshotType = 'application/x-ndjson'
/** The last is what curl sends by default. */
const uploadTypes = [
  snapshotType,
  'application/octet-stream',
  'text/plain',
  'application/x-www-form-urlencoded',
]
/** Maximum bytes of a file, which is read into memory as a whole. */
const snapshotMax = 268_435_456

const NewSnapshot = z.strictObject({ name: WorldName.optional() })

export async function snapshots(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  scope.post('/worlds/:id/snapshots', async (request, reply) => {
    const { name } = readBody('snapshot', NewSnapshot, request.body)
    return reply.code(201).send(await takeSnapshot(ctx, readId('world', request), name))
  })

  scope.get('/worlds/:id/snapshots', async (request) => ({
    snapshots: await listSnapshots(ctx, readId('world', request)),
  }))

  await scope.register(async function uploads(upload) {
    upload.removeAllContentTypeParsers()
    upload.addContentTypeParser(
      uploadTypes,
      { parseAs: 'buffer', bodyLimit: snapshotMax },
      (_request, body, done) => done(null, body),
    )
    upload.post('/snapshots', async ({ body }, reply) => {
      const file = body instanceof Buffer ? body : Buffer.alloc(0)
      return reply.code(201).send(await addSnapshot(ctx, file))
    })
  })

  scope.get('/snapshots/:id', async (request, reply) => {
    const { name, content } = await getSnapshot(ctx, readId('snapshot', request))
    return reply
      .header('content-type', snapshotType)
      .header('content-disposition', disposition(snapshotType, `${name}.ndjson`))
      .send(Buffer.from(content))
  })

  scope.delete('/snapshots/:id', async (request, reply) => {
    await deleteSnapshot(ctx, readId('snapshot', request))
    return reply.code(204).send()
  })
}
