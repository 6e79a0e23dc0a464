// For the doors, which do not see data/.
export { findEmoji } from '#data/messages/emoji.ts'
