import { describe, expect, it } from 'vitest'
import { defaultRepresentation, representationFor } from '#wire/negotiation.ts'

const json = { contentType: 'application/json', spelling: 'camel' }
const vendor = { contentType: 'application/vnd.chatkitty+json', spelling: 'snake' }
const camel = (contentType: string) => ({ contentType, spelling: 'camel' })

describe('an Accept header', () => {
  it.each([
    [undefined, json],
    ['*/*', json],
    ['application/*', json],
    ['application/json', json],
    ['application/json; charset=utf-8', json],
    ['application/json;charset=utf-8;q=0.5, application/hal+json;q=0.4', json],
    ['Application/JSON', json],
    ['application/json, text/plain, */*', json],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', json],
    ['application/vnd.chatkitty+json', vendor],
    ['application/vnd.chatkitty+json,*/*;q=0.8', vendor],
    ['application/json;q=0.5, application/vnd.chatkitty+json', vendor],
    ['application/vnd.chatkitty+json;q=0.5, application/json;q=0.9', json],
    ['application/json; q=0.2, application/vnd.chatkitty+json; q=0.9', vendor],
    ['application/vnd.chatkitty+json; q=0, */*', json],
    ['application/hal+json', camel('application/hal+json')],
    ['application/vnd.hal+json', camel('application/vnd.hal+json')],
    ['application/vnd.chatkitty.v1+json', camel('application/vnd.chatkitty.v1+json')],
    ['application/xml, application/hal+json;q=0.1', camel('application/hal+json')],
  ])('%s is answered with %j', (accept, representation) => {
    expect(representationFor(accept)).toEqual(representation)
    expect(representationFor(accept), 'also from the cache').toEqual(representation)
  })

  it.each(['application/xml', 'image/png', 'application/json;q=0', 'application/json; q=0', 'nonsense'])(
    '%s accepts none of our media types',
    (accept) => {
      expect(representationFor(accept)).toBeUndefined()
      expect(representationFor(accept), 'also from the cache').toBeUndefined()
    },
  )

  it('that accepts none of our media types is answered in plain JSON', () => {
    expect(defaultRepresentation).toEqual(json)
  })
})
