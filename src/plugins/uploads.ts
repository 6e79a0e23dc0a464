// Request bodies: multipart forms, read as they arrive by the routes that take them.
import multipart from '@fastify/multipart'
import plugin from 'fastify-plugin'
import { bodyMax } from '#plugins/bodies.ts'

/** How large a file may be is for its storage to say. */
const limits = { fileSize: Number.POSITIVE_INFINITY, fieldSize: bodyMax, fields: 50, files: 10, parts: 60 }

export const uploads = plugin(
  async (app) => {
    await app.register(multipart, { limits })
  },
  { name: 'uploads', dependencies: ['bodies'] },
)
