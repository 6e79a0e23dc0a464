// Channels that were deleted while much was in them: they belong to no application from then on, by which nothing finds
// them, and what is in them goes batch by batch. There are hardly ever any. Index: channel_removed.

/** SQL text: their ids, as an array that is read once a statement. */
const removedChannels = '(array(select removed.id from channel removed where removed.application_id is null))'

/** SQL text: whether something in a channel is there for anybody. */
export const isThere = (channelId: string) => `${channelId} <> all ${removedChannels}`
