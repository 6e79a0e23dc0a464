// Large channels that were deleted. They belong to no application any more, so that nothing finds them, and a job
// removes their contents in batches. There are hardly ever any. Index: channel_removed.

/** SQL text: their ids, as an array that is evaluated once per statement. */
const removedChannels = '(array(select removed.id from channel removed where removed.application_id is null))'

/** SQL text: whether the contents of a channel are visible, that is, the channel is not removed. */
export const isThere = (channelId: string) => `${channelId} <> all ${removedChannels}`
