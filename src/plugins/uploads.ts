// Parses multipart forms, which routes read as they arrive.
import multipart from '@fastify/multipart'
import plugin from 'fastify-plugin'
import { dispositions } from '#plugins/dispositions.ts'

/** Limit for a part besides the file, in bytes; properties are the longest. */
const fieldMax = 262_144

/** The storage limits the size of files, and the reader limits the total of the other parts. */
const limits = {
  fileSize: Number.POSITIVE_INFINITY,
  fieldNameSize: 255,
  fieldSize: fieldMax,
  fields: 10,
  files: 21, // including parts that arrive as files do: Blobs and JSON
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
