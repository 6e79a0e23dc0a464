// Requests to the Platform API of a world.
import type { World } from '#testing/index.ts'

export async function ask(
  world: Pick<World, 'url' | 'accessToken'>,
  method: string,
  path: string,
  body?: unknown,
) {
  const answer = await fetch(`${world.url}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${world.accessToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}

export const createUser = (world: World, name: string) =>
  ask(world, 'POST', '/users', { name, displayName: name, isGuest: false })
