import { Chatterie } from './chatterie.ts'
import { TestApiClient } from './http.ts'

/**
 * Connects to a running server, such as one that `chatterie exec` started: its URL is in `CHATTERIE_URL`.
 * @param url without a path
 * @param token the server's `TEST_API_TOKEN`, if it has one
 * @throws ChatterieError if nothing answers there, or if its test API is off
 */
export async function connectChatterie(url: string, token?: string): Promise<Chatterie> {
  const client = new TestApiClient(url, token)
  await client.ask('GET', '/clock')
  return new Chatterie(client)
}
