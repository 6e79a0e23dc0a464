// The actors of each world: users who are online without a client, each with their own session (testing contract 5).
import type { StartedSession } from '#domain/sessions/start-session.ts'
import { ChatError } from '#errors.ts'

export interface Actor {
  id: number
  username: string
  session: StartedSession
}

/** Maximum number per world. */
const actorsMax = 1_000

interface World {
  actors: Map<number, Actor>
  lastId: number
}

export class Actors {
  readonly #worlds = new Map<number, World>()

  /** @throws ChatError 400 if the world already has the maximum number of actors */
  mustHaveRoom(worldId: number): void {
    if ((this.#worlds.get(worldId)?.actors.size ?? 0) < actorsMax) return
    throw new ChatError('ClientError', `A world has ${actorsMax} actors at most: take some offline`)
  }

  add(worldId: number, session: StartedSession): Actor {
    const world = this.#worlds.get(worldId) ?? { actors: new Map<number, Actor>(), lastId: 0 }
    this.#worlds.set(worldId, world)
    world.lastId += 1
    const actor = { id: world.lastId, username: session.user.name, session }
    world.actors.set(actor.id, actor)
    return actor
  }

  find(worldId: number, id: number): Actor | undefined {
    return this.#worlds.get(worldId)?.actors.get(id)
  }

  remove(worldId: number, id: number): void {
    this.#worlds.get(worldId)?.actors.delete(id)
  }

  /** Forgets all actors of a world, whose sessions have ended, and starts again with id 1. */
  forget(worldId: number): void {
    this.#worlds.delete(worldId)
  }
}
