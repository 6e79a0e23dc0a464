import { afterAll, beforeAll } from 'vitest'
import { openRegistry, type Registry } from '../../support/registry.ts'
import { startServer, type TestApplication, type TestServer } from '../../support/server.ts'
import { linksBelow } from '../support.ts'
import { type Apis, inCamelCase, type Sdk } from './sdk.ts'

/** The server that the tests of one SDK share; available while they run. */
export interface World {
  server: TestServer
  main: TestApplication
  kitty: Apis
  /** The SDK with the credentials of another application. */
  connect(application: TestApplication): Apis
  /** The links of a resource of the main application, from their paths below it. */
  links(paths: Record<string, string>): ReturnType<typeof linksBelow>
}

/** Registers the start and the end of the server. */
export function openWorld(sdk: Sdk): World {
  const world = {} as World
  let registry: Registry
  beforeAll(async () => {
    registry = await openRegistry({ 'left-pad': '1.3.0' })
    const server = await startServer(registry.settings)
    const { main } = server
    const connect = (application: TestApplication) => inCamelCase(sdk, sdk.raw(server, application))
    const links = (paths: Record<string, string>) =>
      linksBelow(`${server.url}${sdk.base}/applications/${main.id}`, paths)
    Object.assign(world, { server, main, kitty: connect(main), connect, links })
  })
  afterAll(async () => {
    await world.server.close()
    await registry.close()
  })
  return world
}
