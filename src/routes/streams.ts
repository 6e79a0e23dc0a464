// Uploads to the addresses under `_streams` of presented resources (runtime contract 6.1). They are not part of the
// Platform API: they are authorized by a grant, and answer with the resource in its real-time form.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import type { UserCaller } from '#domain/access/caller.ts'
import type { HostedFile } from '#domain/files/store-file.ts'
import { replyToMessage } from '#domain/messages/reply-to-message.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { sendThreadMessage } from '#domain/threads/send-thread-message.ts'
import { updateUserDisplayPicture } from '#domain/users/update-user-display-picture.ts'
import { ChatError } from '#errors.ts'
import { FormJson, Properties, Text } from '#resources/define.ts'
import { Message } from '#resources/message.ts'
import { CurrentUser, nameMax } from '#resources/user.ts'
import { WithId } from '#routes/operation.ts'
import { filesAtOnceMax, hosting, receive } from '#routes/upload.ts'
import { compileCheck } from '#wire/reading.ts'
import { baseUrlsOf, presentResource, withBaseUrls } from '#wire/stompx.ts'

/** Unlike in the Platform API, parts besides the file are JSON, including `groupTag`. */
const StreamFields = z.object({
  groupTag: FormJson(Text(nameMax).optional()),
  properties: FormJson(Properties.optional()),
})
type StreamFields = z.output<typeof StreamFields>

interface Stream {
  path: string
  about: string
  /** Status of the answer. */
  status: number
  shape: z.ZodType
  /** Maximum number of files in one form. */
  filesMax: number
  /** Uses a stored file; the result for the first file is the answer. */
  use(caller: UserCaller, id: number, file: HostedFile, fields: StreamFields): Promise<unknown>
}

const hosted = (file: HostedFile, fields: StreamFields) => ({ type: 'HOSTED' as const, file, ...fields })
/** Mobile clients send several files at once and read one message (ChatKitty's library for iOS). */
const aMessage = { about: 'message', status: 201, shape: Message, filesMax: filesAtOnceMax }

const streamsOf = (ctx: Context): Stream[] => [
  {
    path: '/users/:id/display-picture',
    about: 'user',
    status: 200,
    shape: CurrentUser,
    filesMax: 1,
    use: (caller, id, file) => updateUserDisplayPicture(ctx, caller, id, file),
  },
  {
    path: '/channels/:id/messages',
    ...aMessage,
    use: (caller, id, file, fields) => sendMessage(ctx, caller, { channelId: id }, hosted(file, fields)),
  },
  {
    path: '/messages/:id/replies',
    ...aMessage,
    use: (caller, id, file, fields) => replyToMessage(ctx, caller, id, hosted(file, fields)),
  },
  {
    path: '/threads/:id/messages',
    ...aMessage,
    use: (caller, id, file, fields) => sendThreadMessage(ctx, caller, id, hosted(file, fields)),
  },
]

/** Registers the routes behind the plugin grants. */
export async function streams(scope: FastifyInstance, { ctx }: { ctx: Context }) {
  const storage = hosting(ctx)
  for (const { path, about, status, shape, filesMax, use } of streamsOf(ctx)) {
    const checkParams = compileCheck(about, WithId)
    const checkFields = compileCheck(about, StreamFields)
    scope.post(path, async (request, reply) => {
      const { uploader: caller } = request
      const { id } = checkParams(request.params)
      if (!request.isMultipart()) {
        throw new ChatError('UnsupportedMediaTypeError', 'The body must be a multipart form')
      }
      const receipt = { about, storage, caller, known: StreamFields, filesMax }
      const entity = await receive(request, receipt, (file, fields) =>
        use(caller, id, file, checkFields(fields)),
      )
      const baseUrls = baseUrlsOf(ctx.baseUrl(request.origin), ctx.config.publicUrl)
      return reply
        .code(status)
        .header('content-type', 'application/json')
        .send(withBaseUrls(presentResource(shape, entity), baseUrls))
    })
  }
}
