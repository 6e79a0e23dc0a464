import { describe, expect, it } from 'vitest'
import { readHello } from '#wire/generations.ts'

const hello = (query: string, headers: Record<string, string> = {}) =>
  readHello(new URLSearchParams(query), new Map(Object.entries(headers)))

/** The names of events for a client with this user agent. */
const names = (userAgent: string) => {
  const { generation } = hello('', { 'StompX-User': 'jane', 'StompX-User-Agent': userAgent })
  return (type: string) => generation?.events[type] ?? type
}

it.each([
  ['ChatKitty-JS/1.27.0', 'me.channel.joined', 'thread.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/1.29.1', 'me.channel.joined', 'thread.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/1.40.1', 'me.channel.joined', 'channel.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/1.53.7', 'me.channel.joined', 'channel.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/2.0.0-alpha.5', 'me.channel.joined', 'channel.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/1.56.1', 'user.channel.joined', 'channel.message.created', 'thread.message.updated'],
  ['ChatKitty-JS/1.58.2', 'user.channel.joined', 'channel.message.created', 'channel.message.updated'],
  ['ChatKitty-JS/2.0.0', 'user.channel.joined', 'channel.message.created', 'channel.message.updated'],
  ['ChatKitty-JS-Core/0.0.0', 'user.channel.joined', 'channel.message.created', 'channel.message.updated'],
  ['ChatKitty-JS/one', 'user.channel.joined', 'channel.message.created', 'channel.message.updated'],
  ['curl/8', 'user.channel.joined', 'channel.message.created', 'channel.message.updated'],
])('%s receives events as %s, %s and %s', (userAgent, joined, created, updated) => {
  const name = names(userAgent)
  expect(name('user.channel.joined')).toBe(joined)
  expect(name('channel.message.created')).toBe(created)
  expect(name('channel.message.updated')).toBe(updated)
})

describe('a client that identifies itself in the query', () => {
  const said = 'api_key=k&stompx_user=j%C3%A4ne%20x&stompx_auth_params=%7B%22a%22%3A1%7D'

  it('is recognised as one of the oldest', () => {
    const { generation, ...rest } = hello(said)
    expect(rest).toMatchObject({ apiKey: 'k', username: 'jäne x', authParams: '{"a":1}' })
    expect(generation?.events['channel.message.created']).toBe('thread.message.created')
  })

  it('is identified by the headers of its first frame, where it has them', () => {
    const headers = { 'StompX-User': 'ben', 'StompX-Auth-Params': 'e30=' }
    expect(hello(said, headers)).toMatchObject({
      username: 'ben',
      authParams: 'e30=',
      generation: undefined,
    })
  })
})
