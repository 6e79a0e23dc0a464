// Request bodies: multipart forms, read as they arrive by the routes that take them.
import multipart from '@fastify/multipart'
import plugin from 'fastify-plugin'
import { dispositions } from '#plugins/dispositions.ts'

/** Bytes of a part beside the file: its properties are the longest. */
const fieldMax = 262_144

/** How large a file may be is for its storage to say; how much the other parts are together, for who reads them. */
const limits = {
  fileSize: Number.POSITIVE_INFINITY,
  fieldNameSize: 255,
  fieldSize: fieldMax,
  fields: 10,
  files: 11,
  parts: 21,
  headerPairs: 20,
}

export const uploads = plugin(
  async (app) => {
    await app.register(multipart, { limits })
    await app.register(dispositions)
  },
  { name: 'uploads', dependencies: ['bodies'] },
)
