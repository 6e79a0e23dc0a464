import { expect, it } from 'vitest'
import { flag, oneOf, requiredId } from '#realtime/filters.ts'

const wrong = (field: string) =>
  expect.objectContaining({ kind: 'ValidationError', problems: [expect.objectContaining({ field })] })

it('a flag is true, false or absent, and nothing else', () => {
  expect([
    flag({ online: 'true' }, 'online'),
    flag({ online: 'false' }, 'online'),
    flag({}, 'online'),
  ]).toEqual([true, false, undefined])
  for (const online of ['1', 'TRUE', '[object Object]']) {
    expect(() => flag({ online }, 'online')).toThrow(wrong('online'))
  }
})

it('an enum filter is one of its values or absent', () => {
  expect(oneOf({ type: 'FILE' }, 'type', ['FILE', 'TEXT'])).toBe('FILE')
  expect(oneOf({}, 'type', ['FILE'])).toBe(undefined)
  for (const type of ['file', '__proto__']) {
    expect(() => oneOf({ type }, 'type', ['FILE'])).toThrow(wrong('type'))
  }
})

it('a required id is present, and there is one', () => {
  expect(requiredId({ channelId: '7' }, 'channelId')).toBe(7)
  for (const channelId of ['0', '-1', '1.5', 'x', '9007199254740993']) {
    expect(() => requiredId({ channelId }, 'channelId')).toThrow(wrong('channelId'))
  }
  expect(() => requiredId({}, 'channelId')).toThrow(wrong('channelId'))
})
