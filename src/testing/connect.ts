import { Chatterie } from './chatterie.ts'
import { TestApiClient } from './http.ts'

/**
 * Takes a server that runs already, such as one that `chatterie exec` started: its URL is in `CHATTERIE_URL`.
 * @param url without a path
 * @param token its `TEST_API_TOKEN`, where it has one
 * @throws ChatterieError where nothing answers there, or where its test API is off
 */
export async function connectChatterie(url: string, token?: string): Promise<Chatterie> {
  const client = new TestApiClient(url, token)
  await client.ask('GET', '/clock')
  return new Chatterie(client)
}
