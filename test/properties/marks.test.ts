// Any text of users is delivered unchanged, while URLs of the server in the same document are made absolute.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { eventBody } from '#realtime/bodies.ts'
import { CurrentUser, User } from '#resources/user.ts'
import { presentResource } from '#wire/stompx.ts'

/** Text that looks like a placeholder of this or another version, or that string replacement treats specially. */
const suspicious = fc.constantFrom(
  '\uFDD0origin\uFDD1',
  '\uFDD0streams\uFDD1',
  '"\\/',
  '\\/',
  '"\\u002f',
  '\\u002f',
  '"',
  '\\',
  '/',
  "$'",
  '$&',
  '$`',
  '$$',
  '$<a>',
)
const nonCharacters = fc.integer({ min: 0xfdd0, max: 0xfdef }).map((code) => String.fromCharCode(code))
const loneSurrogates = fc.integer({ min: 0xd800, max: 0xdfff }).map((code) => String.fromCharCode(code))
const text = fc
  .array(fc.oneof(suspicious, nonCharacters, loneSurrogates, fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))

it('any text of users is delivered as it was written, and URLs of the server are made absolute', () => {
  fc.assert(
    fc.property(text, text, text, text, (displayName, key, value, path) => {
      const user: User = {
        id: 1,
        type: 'PERSON',
        name: displayName,
        displayName,
        displayPictureUrl: `/${path}`,
        isGuest: false,
        presence: { status: value, online: false },
        properties: Object.fromEntries([[key, [value, { [value]: displayName }]]]),
      }
      const place = { origin: "https://chat.example.com$'", streams: '' }
      const delivered = JSON.parse(eventBody(`type ${value}`, presentResource(User, user), place))
      expect(delivered.type).toBe(`type ${value}`)
      expect(delivered.resource).toMatchObject({
        name: displayName,
        displayName,
        presence: { status: value },
        displayPictureUrl: `${place.origin}/${path}`,
      })
      expect(delivered.resource.properties).toEqual(user.properties)
    }),
    { numRuns: 2_000 },
  )
})

const aUser = { id: 7, presence: { status: '', online: true }, properties: {} }

it('the URL of a picture hosted elsewhere is not changed, whatever it contains', () => {
  fc.assert(
    fc.property(text, (path) => {
      const displayPictureUrl = `https://pictures.example.com/"\\/${path}`
      const shown = presentResource(User, { ...aUser, displayPictureUrl })
      const delivered = JSON.parse(eventBody('', shown, { origin: 'http://here', streams: 'http://here' }))
      expect(delivered.resource.displayPictureUrl).toBe(displayPictureUrl)
    }),
  )
})

it.each([
  [
    'a configured address',
    "https://chat.example.com/$'",
    "https://chat.example.com/$'/v1/runtime/users/7/display-picture",
  ],
  ['the address that only the client knows', '', '/v1/runtime/users/7/display-picture'],
])('files are sent to %s', (_, streams, expected) => {
  const shown = presentResource(CurrentUser, { ...aUser, displayPictureUrl: '/v1/picture/x' })
  const { resource } = JSON.parse(eventBody('', shown, { origin: 'http://here', streams }))
  expect(resource.displayPictureUrl).toBe('http://here/v1/picture/x')
  expect(resource._streams.displayPicture).toBe(expected)
})
