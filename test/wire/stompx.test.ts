import { expect, it } from 'vitest'
import { User } from '#resources/user.ts'
import { presentResource, withBaseUrls } from '#wire/stompx.ts'

const jane: User = {
  id: 1,
  type: 'PERSON',
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: '/v1/picture/Jane',
  isGuest: false,
  presence: { status: 'Available', online: false },
  properties: {},
}

it.each(["$'", '$&', '$`', '$$'])(
  'a resource contains the address of the server unchanged: %s',
  (strange) => {
    const origin = `http://${strange}.example.com`
    const shown = withBaseUrls(presentResource(User, jane), { origin, streams: '' })
    expect(JSON.parse(shown).displayPictureUrl).toBe(`${origin}/v1/picture/Jane`)
  },
)
