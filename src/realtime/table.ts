// The table of contents of the real-time door: every resource that shows relays or actions, and who serves them.
import { channelBlockRecordActions } from '#realtime/block-records.ts'
import { channelActions, channelRelays } from '#realtime/channels.ts'
import { currentUserActions, currentUserRelays } from '#realtime/current-user.ts'
import { messageActions, messageRelays } from '#realtime/messages.ts'
import { Router } from '#realtime/router.ts'
import { threadActions, threadRelays } from '#realtime/threads.ts'
import { userBlockedRecordActions } from '#realtime/user-blocks.ts'
import { userActions, userRelays } from '#realtime/users.ts'
import { channelBlockRecordHypermedia, channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { threadHypermedia } from '#resources/thread.ts'
import {
  currentUserAliases,
  currentUserHypermedia,
  userBlockedRecordHypermedia,
  userHypermedia,
} from '#resources/user.ts'

/** Finds what serves a destination. */
export function openRouter(): Router {
  const router = new Router()
  router.add(currentUserHypermedia, currentUserRelays, currentUserActions)
  const { relays } = currentUserHypermedia
  router.alias(currentUserAliases.self, relays.self)
  router.alias(currentUserAliases.writeFileAccessGrant, relays.writeFileAccessGrant)
  router.alias(currentUserAliases.readFileAccessGrant, relays.readFileAccessGrant)
  router.add(userHypermedia, userRelays, userActions)
  router.add(userBlockedRecordHypermedia, {}, userBlockedRecordActions)
  router.add(channelHypermedia, channelRelays, channelActions)
  router.add(channelBlockRecordHypermedia, {}, channelBlockRecordActions)
  router.add(messageHypermedia, messageRelays, messageActions)
  router.add(threadHypermedia, threadRelays, threadActions)
  return router
}
