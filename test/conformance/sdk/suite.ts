// One suite for all server SDKs, with an adapter for each.

import { describeApplication } from './application.ts'
import { describeChannels } from './channels.ts'
import { describeFunctions } from './functions.ts'
import { describeJobs } from './jobs.ts'
import { describeLists } from './lists.ts'
import { describeMessages } from './messages.ts'
import { describeRefusals } from './refusals.ts'
import type { Sdk } from './sdk.ts'
import { describeSessions } from './sessions.ts'
import { describeUsers } from './users.ts'
import { openWorld, type World } from './world.ts'

/** Tests an SDK against this server. @returns its world, for tests of this SDK only */
export function describeSdk(sdk: Sdk): World {
  const world = openWorld(sdk)
  describeApplication(sdk, world)
  describeUsers(sdk, world)
  describeChannels(world)
  describeMessages(world)
  describeSessions(world)
  describeFunctions(sdk, world)
  describeLists(sdk, world)
  describeRefusals(sdk, world)
  describeJobs(sdk, world)
  return world
}
