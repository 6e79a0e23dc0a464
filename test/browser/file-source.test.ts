import { describe, expect, it } from 'vitest'
import { sourceOf } from '#pages/chat/file-source.ts'

const key = '0f8fad5b-d9cb-469f-a165-70867728950e'
const page = 'https://chat.example.com/chat?widget_id=1'
const grant = 'r.1.2.3.x'
const granted = (type: string, url: string, at = page) => sourceOf({ type, url }, grant, at)

describe('the read grant of a user', () => {
  it('is sent to the server for files of that server', () => {
    const url = `https://chat.example.com/v1/files/${key}/a%20b.png`
    expect(granted('HOSTED', url)).toBe(`${url}?grant=${grant}`)
    expect(granted('EXTERNAL', url), 'sent on by somebody').toBe(`${url}?grant=${grant}`)
    expect(granted('EXTERNAL', `${url}?grant=theirs`), 'with the grant of another').toBe(
      `${url}?grant=${grant}`,
    )
    const below = 'https://example.com/talk/chat'
    const hosted = `https://example.com/talk/v1/files/${key}/x`
    expect(granted('HOSTED', hosted, below)).toBe(`${hosted}?grant=${grant}`)
    // A URL with another host name of the server is changed to the origin of the page.
    expect(granted('HOSTED', `https://other.example.com/v1/files/${key}/x`)).toBe(
      `https://chat.example.com/v1/files/${key}/x?grant=${grant}`,
    )
  })

  it.each([
    'https://evil.example/a.png',
    `https://evil.example/v1/files/${key}/a.png`,
    `https://chat.example.com.evil.example/v1/files/${key}/a.png`,
    `https://chat.example.com@evil.example/v1/files/${key}/a.png`,
    `https://evil.example\\@chat.example.com/v1/files/${key}/a.png`,
    `http://chat.example.com/v1/files/${key}/a.png`,
    `https://chat.example.com:8443/v1/files/${key}/a.png`,
    `https://evil.example/?https://chat.example.com/v1/files/${key}`,
    `https://chat.example.com/v1/files/${key}/../../../redirect`,
    'https://chat.example.com/v1/picture/Ann',
  ])('is not sent to %s', (url) => {
    expect(granted('EXTERNAL', url)).toBe(url)
    expect(granted('HOSTED', url)).not.toContain(`evil.example/v1/files/${key}/a.png?grant`)
  })

  it("is never sent to another server than that of the page, whatever the file's data say", () => {
    for (const type of ['HOSTED', 'EXTERNAL']) {
      const url = new URL(granted(type, `https://evil.example/v1/files/${key}/a.png`))
      expect(url.searchParams.has('grant') && url.host !== 'chat.example.com').toBe(false)
    }
  })
})
