import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ChannelUpdates } from '#realtime/publish/channel-updates.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Channels of application 1. */
const channels = (...ids: number[]) => new Map(ids.map((id) => [id, 1]))

it('channels with many messages are published once a second each, and together', () => {
  const published: number[][] = []
  const updates = new ChannelUpdates((due) => published.push([...due.keys()]))
  expect(updates.due(channels(1, 2))).toEqual([1, 2])
  for (let ms = 0; ms < 2_900; ms += 10) {
    expect(updates.due(channels(1, 2))).toEqual([])
    vi.advanceTimersByTime(10)
  }
  expect(published).toEqual([
    [1, 2],
    [1, 2],
  ])
})

it('a channel is published with its application at once after a pause, and once after its last message', () => {
  const published: [number, number][][] = []
  const updates = new ChannelUpdates((due) => published.push([...due]))
  expect(updates.due(new Map([[1, 7]]))).toEqual([1])
  expect(updates.due(new Map([[1, 7]]))).toEqual([])
  vi.advanceTimersByTime(5_000)
  expect(published).toEqual([[[1, 7]]])
  expect(updates.due(new Map([[1, 7]]))).toEqual([1])
})

it('of very many channels, some are published a little later', () => {
  const published: number[] = []
  const updates = new ChannelUpdates((due) => published.push(due.size))
  const all = channels(...Array.from({ length: 1_200 }, (_, at) => at))
  updates.due(all)
  updates.due(all)
  vi.advanceTimersByTime(2_000)
  expect(published).toEqual([500, 500, 200])
  updates.close()
})
