import { expect, it } from 'vitest'
import { isLoopback } from '#wire/loopback.ts'

it.each([
  'localhost',
  'LOCALHOST',
  '127.0.0.1',
  '127.8.9.10',
  '::1',
  '[::1]',
  '0:0:0:0:0:0:0:1',
  '::ffff:127.0.0.1',
])('%s is a loopback address', (host) => {
  expect(isLoopback(host)).toBe(true)
})

it.each([
  '',
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '127.0.0.1.example.com',
  'localhost.example.com',
  '127.300.0.1',
  '::ffff:10.0.0.1',
])('%s may be reached from other machines', (host) => {
  expect(isLoopback(host)).toBe(false)
})
