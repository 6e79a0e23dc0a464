// Actors (testing contract 5). They act through the same verbs as clients, so real sessions see everything they do.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Context } from '#context.ts'
import { backendOf, type UserCaller } from '#domain/access/caller.ts'
import { mustSeeChannel } from '#domain/access/channel.ts'
import { enterChannel } from '#domain/channels/enter-channel.ts'
import { findChannelNamed } from '#domain/channels/find-channel-named.ts'
import { reactToMessage } from '#domain/messages/reactions/react-to-message.ts'
import { readChannel } from '#domain/messages/reading/read-channel.ts'
import { sendMessage } from '#domain/messages/send-message.ts'
import { endChatSession } from '#domain/sessions/end-chat-session.ts'
import { endSession } from '#domain/sessions/end-session.ts'
import { type StartedSession, startSession } from '#domain/sessions/start-session.ts'
import { sendChannelKeystrokes } from '#domain/threads/send-channel-keystrokes.ts'
import { checkUserExists } from '#domain/users/check-user-exists.ts'
import { mustHaveWorld } from '#domain/worlds/must-have-world.ts'
import { notFound } from '#errors.ts'
import { Id, RequiredText } from '#resources/define.ts'
import { messageResource, WriteMessage } from '#resources/message.ts'
import { SendKeystrokes } from '#resources/thread.ts'
import { nameMax } from '#resources/user.ts'
import type { World } from '#resources/worlds/world.ts'
import { readId } from '#test-api/params.ts'
import { readBody } from '#test-api/reading.ts'
import type { TestApi } from '#test-api/state.ts'
import { ownView, present } from '#wire/hal.ts'

const NewActor = z.strictObject({
  username: RequiredText(nameMax),
  /** Passed to the functions that decide who may connect. */
  authParams: z.record(z.string(), z.unknown()).optional(),
})

/** A channel, by id or by name. */
const channel = z.union([Id, RequiredText(nameMax)], { error: 'must be the id of a channel, or its name' })
const InChannel = z.strictObject({ channel })
const Typing = z.strictObject({ channel, keys: SendKeystrokes.shape.keys })
const Sending = z.strictObject({ channel, body: WriteMessage.options[0].shape.body })
const Reacting = z.strictObject({ message: Id, emoji: z.string() })

interface Options {
  ctx: Context
  testApi: TestApi
}

export async function actors(scope: FastifyInstance, { ctx, testApi: { actors } }: Options) {
  scope.post('/worlds/:id/actors', async (request, reply) => {
    const world = await mustHaveWorld(ctx, readId('world', request))
    const input = readBody('actor', NewActor, request.body)
    actors.mustHaveRoom(world.id)
    const { id, username } = actors.add(world.id, await comeOnline(ctx, world, input))
    return reply.code(201).send({ id, username })
  })

  scope.delete('/worlds/:id/actors/:aid', async (request, reply) => {
    const { worldId, actor } = await actorOf(request)
    actors.remove(worldId, actor.id)
    const { id, applicationId, user } = actor.session
    await endSession(ctx, { id, applicationId, userId: user.id, node: ctx.node.id })
    return reply.code(204).send()
  })

  for (const [name, perform] of Object.entries(acts)) {
    scope.post(`/worlds/:id/actors/:aid/${name}`, async (request, reply) => {
      const { id: sessionId, applicationId, user, key } = (await actorOf(request)).actor.session
      const caller: UserCaller = { kind: 'user', applicationId, userId: user.id, session: key }
      const made = await perform({ ctx, caller, sessionId, request })
      return made === undefined ? reply.code(204).send() : reply.code(201).send(made)
    })
  }

  async function actorOf(request: FastifyRequest) {
    const { id: worldId } = await mustHaveWorld(ctx, readId('world', request))
    const id = readId('actor', request, 'aid')
    const actor = actors.find(worldId, id)
    if (!actor) throw notFound('actor', id)
    return { worldId, actor }
  }
}

interface Acting {
  ctx: Context
  caller: UserCaller
  sessionId: number
  request: FastifyRequest
}

/** Performs an action for an actor. @returns the body of the answer, if it has one */
type Act = (acting: Acting) => Promise<unknown>

/** The actions of actors, by their name in the path. */
const acts: Record<string, Act> = {
  'start-chat': inChannel(InChannel, async ({ ctx, caller, sessionId, channelId }) => {
    await enterChannel(ctx, caller, sessionId, channelId)
  }),
  'end-chat': inChannel(InChannel, async ({ ctx, caller, sessionId, channelId }) => {
    await mustSeeChannel(ctx, caller, channelId)
    await endChatSession(ctx, caller, sessionId, channelId)
  }),
  type: inChannel(Typing, async ({ ctx, caller, channelId, input: { keys } }) => {
    await sendChannelKeystrokes(ctx, caller, channelId, { keys })
  }),
  read: inChannel(InChannel, async ({ ctx, caller, channelId }) => {
    await readChannel(ctx, caller, channelId)
  }),
  send: inChannel(Sending, async ({ ctx, caller, channelId, input: { body }, request }) => {
    const message = await sendMessage(ctx, caller, { channelId }, { type: 'TEXT', body })
    return present(messageResource, message, ownView(ctx.baseUrl(request.origin), caller.applicationId))
  }),
  async react({ ctx, caller, request }) {
    const { message, emoji } = readBody('actor', Reacting, request.body)
    await reactToMessage(ctx, caller, message, { emoji })
  },
}

/** Wraps an action in the channel that the request's body names. */
function inChannel<I extends { channel: number | string }>(
  shape: z.ZodType<I>,
  perform: (acting: Acting & { channelId: number; input: I }) => ReturnType<Act>,
): Act {
  return async (acting) => {
    const { ctx, caller, request } = acting
    const input = readBody('actor', shape, request.body)
    const { channel } = input
    const channelId =
      typeof channel === 'number' ? channel : await findChannelNamed(ctx, caller.applicationId, channel)
    return perform({ ...acting, channelId, input })
  }
}

/** @throws ChatError 404 if the user does not exist and guests may not connect, 403 if a function refuses them */
async function comeOnline(
  ctx: Context,
  { id, apiKey }: World,
  { username, authParams = {} }: z.output<typeof NewActor>,
): Promise<StartedSession> {
  try {
    return await startSession(ctx, { apiKey, username, authParams, userAgent: 'Chatterie/actor' })
  } catch (error) {
    await checkUserExists(ctx, backendOf(id), username)
    throw error
  }
}
