// Which bus the settings ask for.
import type { Bus, Logger } from '#bus/bus.ts'
import { openMemoryBus } from '#bus/memory.ts'

/**
 * Redis where there is a URL of it, this process alone otherwise. Does not wait for Redis.
 * @param channel names the installation: Redis keeps channels apart by nothing else, not even by its databases
 */
export async function openBus(redisUrl: string | undefined, channel: string, log: Logger): Promise<Bus> {
  if (!redisUrl) return openMemoryBus(log)
  // Its client takes 60 ms to load, so who runs one process never does.
  const { openRedisBus } = await import('#bus/redis.ts')
  return openRedisBus(redisUrl, channel, log)
}
