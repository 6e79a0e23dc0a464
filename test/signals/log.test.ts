import { expect, it } from 'vitest'
import { describeError } from '#log.ts'

it('an error is logged without the requests and answers that libraries attach to it', () => {
  const data = {
    res: { req: { _header: 'Authorization: Basic c2VjcmV0' } },
    payload: { email: 'ada@example.com' },
  }
  const error = Object.assign(new Error('Response Error: 400 Bad Request'), { data, code: 'E', isBoom: true })
  const logged = describeError(error)
  expect(logged).toMatchObject({ type: 'Error', message: 'Response Error: 400 Bad Request', code: 'E' })
  expect(Object.keys(logged).toSorted()).toEqual(['code', 'message', 'stack', 'type'])
})
