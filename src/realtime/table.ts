// The table of the real-time API: every resource with relays or actions, and their handlers.
import { channelBlockRecordActions } from '#realtime/block-records.ts'
import { channelActions, channelRelays } from '#realtime/channels.ts'
import { currentUserActions, currentUserRelays } from '#realtime/current-user.ts'
import { messageActions, messageRelays } from '#realtime/messages.ts'
import { Router } from '#realtime/router.ts'
import { threadActions, threadRelays } from '#realtime/threads.ts'
import { userBlockedRecordActions } from '#realtime/user-blocks.ts'
import { userActions, userRelays } from '#realtime/users.ts'
import type { AnyHypermedia } from '#resources/address.ts'
import { channelBlockRecordHypermedia, channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { threadHypermedia } from '#resources/thread.ts'
import {
  currentUserAliases,
  currentUserHypermedia,
  userBlockedRecordHypermedia,
  userHypermedia,
} from '#resources/user.ts'

interface Served {
  hypermedia: AnyHypermedia
  relays: Parameters<Router['add']>[1]
  actions: Parameters<Router['add']>[2]
}

/** Every resource by its title in the documentation. */
export const served: Record<string, Served> = {
  'Current user': {
    hypermedia: currentUserHypermedia,
    relays: currentUserRelays,
    actions: currentUserActions,
  },
  User: { hypermedia: userHypermedia, relays: userRelays, actions: userActions },
  'Blocked user': {
    hypermedia: userBlockedRecordHypermedia,
    relays: {},
    actions: userBlockedRecordActions,
  },
  Channel: { hypermedia: channelHypermedia, relays: channelRelays, actions: channelActions },
  'Blocked member': {
    hypermedia: channelBlockRecordHypermedia,
    relays: {},
    actions: channelBlockRecordActions,
  },
  Message: { hypermedia: messageHypermedia, relays: messageRelays, actions: messageActions },
  Thread: { hypermedia: threadHypermedia, relays: threadRelays, actions: threadActions },
}

/** Returns a router to the handlers of all resources. */
export function openRouter(): Router {
  const router = new Router()
  for (const { hypermedia, relays, actions } of Object.values(served)) {
    router.add(hypermedia, relays, actions)
  }
  const { relays } = currentUserHypermedia
  router.alias(currentUserAliases.self, relays.self)
  router.alias(currentUserAliases.writeFileAccessGrant, relays.writeFileAccessGrant)
  router.alias(currentUserAliases.readFileAccessGrant, relays.readFileAccessGrant)
  return router
}
