// Opens the configured bus.
import type { Bus, Logger } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'

/**
 * Opens a bus through Redis if a URL is given, otherwise for this process alone. Does not wait for Redis.
 * @param channel unique to the installation: Redis separates channels by name only, not by database
 */
export async function openBus(redisUrl: string | undefined, channel: string, log: Logger): Promise<Bus> {
  if (!redisUrl) return openMemoryBus(log)
  // Loaded on demand: the Redis client takes 60 ms, which single processes do not spend.
  const { openRedisBus } = await import('#bus/redis.ts')
  return openRedisBus(redisUrl, channel, log)
}
