// Addresses are printed and matched by the same pattern, so every printed address is served.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Router } from '#realtime/router.ts'
import type { AnyHypermedia } from '#resources/address.ts'
import { channelBlockRecordHypermedia, channelHypermedia } from '#resources/channel.ts'
import { messageHypermedia } from '#resources/message.ts'
import { threadHypermedia } from '#resources/thread.ts'
import { currentUserHypermedia, userBlockedRecordHypermedia, userHypermedia } from '#resources/user.ts'
import { readPageRequest } from '#wire/paging.ts'
import { readDestination } from '#wire/stompx.ts'

const all: Record<string, AnyHypermedia> = {
  currentUserHypermedia,
  userHypermedia,
  userBlockedRecordHypermedia,
  channelHypermedia,
  channelBlockRecordHypermedia,
  messageHypermedia,
  threadHypermedia,
}

const router = new Router()
const served = new Map<unknown, string>()
for (const [owner, hypermedia] of Object.entries(all)) {
  const handlers = <T>(names: string[], handler: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, handler(name)]))
  const relay = (name: string) => {
    const handle = async () => {}
    served.set(handle, `${owner}.${name}`)
    return handle
  }
  const action = (name: string) => {
    const handler = { body: {} as never, read: (body: unknown) => body, handle: async () => undefined }
    served.set(handler, `${owner}.${name}`)
    return handler
  }
  router.add(
    hypermedia,
    handlers(Object.keys(hypermedia.relays), relay),
    handlers(Object.keys(hypermedia.actions), action),
  )
}

const id = fc.integer({ min: 1, max: 2 ** 48 })

/** The names of all addresses with this pattern. If several share it, the router uses the last one. */
const namesOf = (pattern: string) =>
  Object.entries(all).flatMap(([owner, { relays, actions }]) =>
    [...Object.entries(relays), ...Object.entries(actions)].flatMap(([name, address]) =>
      address.pattern === pattern ? `${owner}.${name}` : [],
    ),
  )

describe.each(Object.entries(all))('every link that %s creates', (_, hypermedia) => {
  it.each(Object.entries(hypermedia.relays))(
    'is served as the relay %s, with and without version',
    (_name, address) => {
      fc.assert(
        fc.property(id, id, fc.constantFrom('/application/', '/application/v1/'), (one, other, prefix) => {
          const printed = address.at({ id: one, channelId: other, messageId: one })
          const match = router.relay(printed.replace('/application/', () => prefix))
          expect(namesOf(address.pattern)).toContain(served.get(match?.target.handle))
          expect(match?.isLegacy).toBe(prefix !== '/application/')
          for (const [name, value] of Object.entries(match?.params ?? {})) {
            expect(value).toBe(name === 'channelId' ? other : one)
          }
        }),
      )
    },
  )

  it.each(Object.entries(hypermedia.actions))('is served as the action %s', (_name, address) => {
    fc.assert(
      fc.property(id, id, (one, other) => {
        const match = router.action(address.at({ id: one, channelId: other }))
        expect(namesOf(address.pattern)).toContain(served.get(match?.target))
      }),
    )
  })
})

describe('a page in a destination', () => {
  it('is read as clients fill in the template, repeatedly too', () => {
    const sort = fc.constantFrom('', 'user.displayName,asc', 'createdTime,desc', 'name')
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 100 }), sort, id, (number, size, order, channel) => {
        const base = `/application/channels/${channel}.members.relay`
        const { query, plain } = readDestination(`${base}.page.${number}.size.${size}.sort.${order}`)
        expect(plain).toBe(base)
        const request = readPageRequest(query)
        expect(request).toMatchObject({ number, size })
        expect(request.sort.map(({ property }) => property)).toEqual(
          order === '' ? [] : [order.split(',')[0]],
        )
      }),
    )
  })

  it('is the first page where the template is not filled in', () => {
    const { query } = readDestination(channelHypermedia.relays.members.at({ id: 7 }))
    expect(readPageRequest(query)).toEqual({ number: 0, size: 25, sort: [] })
  })

  it('is not found for an invalid destination', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(router.relay(text)).toBeUndefined()
        expect(router.action(text)).toBeUndefined()
      }),
    )
  })
})
