import { Chatterie } from './chatterie.ts'
import { TestApiClient } from './http.ts'

/**
 * Connects to a running server, such as one that `chatterie exec` started: its URL is in `CHATTERIE_URL`.
 * @param url without a path
 * @param token the server's `TEST_API_TOKEN`, if it has one
 * @throws ChatterieError if nothing answers there, or if its test API is off; TypeError if there is no URL
 */
export async function connectChatterie(url: string | undefined, token?: string): Promise<Chatterie> {
  if (!url) {
    throw new TypeError(
      'connectChatterie needs the URL of a server: is CHATTERIE_URL set, as by `chatterie exec` and chatterie/testing/setup?',
    )
  }
  const client = new TestApiClient(url, token)
  await client.ask('GET', '/clock')
  return new Chatterie(client)
}
