// Exported for the entry points, which may not import from data/.
export { findEmoji } from '#data/messages/emoji.ts'
