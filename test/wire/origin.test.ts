// The origin that a request was sent to, and the address that it came from.
// [RFC 9112 section 3.2, RFC 3986 section 3.2.2]
import { describe, expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import { originForm, type RequestHead, readAddress, readOrigin } from '#wire/origin.ts'

const proxies = readConfig({ TRUST_PROXY: 'loopback, 10.0.0.0/8, 2001:db8::/32' }).trustedProxies
const nobody = readConfig({}).trustedProxies

function head(headers: RequestHead['headers'], remoteAddress = '127.0.0.1'): RequestHead {
  return { httpVersion: '1.1', headers, socket: { remoteAddress } }
}

describe('the origin of a request', () => {
  it.each([
    ['localhost:9001', 'http://localhost:9001'],
    ['chat.example.com', 'http://chat.example.com'],
    ['Chat.Example.COM:80', 'http://chat.example.com'],
    ['chat.example.com:', 'http://chat.example.com'],
    ['127.0.0.1:1', 'http://127.0.0.1:1'],
    ['[::1]:9001', 'http://[::1]:9001'],
    ['[::ffff:127.0.0.1]', 'http://[::ffff:7f00:1]'],
    ['my_host', 'http://my_host'],
    ["a$'b", "http://a$'b"],
    ['%61.example.com', 'http://a.example.com'],
    ['a'.repeat(255), `http://${'a'.repeat(255)}`],
  ])('is that of the header Host: %s', (host, origin) => {
    expect(readOrigin(head({ host }), nobody)).toBe(origin)
  })

  it.each([
    '',
    ' ',
    ':80',
    'a b',
    'a/b',
    'a?b',
    'a#b',
    'a\\b',
    'me@host',
    '<script>',
    '"',
    'a,b.example.com c',
    'host:port',
    'host:70000',
    'host:123456',
    'a:1:2',
    '::1',
    '[::1',
    '[]',
    '[1]',
    '[fe80::1%25eth0]',
    '[v1.a]',
    '%zz',
    '%2',
    '1.2.3.400',
    'ü',
    'a'.repeat(256),
  ])('is refused where Host is %j', (host) => {
    expect(() => readOrigin(head({ host }), nobody)).toThrow(/^The header Host /)
  })

  it('is refused where a proxy sends an invalid one', () => {
    const headers = { host: 'a', 'x-forwarded-host': 'b, c/d' }
    expect(() => readOrigin(head(headers), proxies)).toThrow(/^The header X-Forwarded-Host /)
  })

  it('is required, once, in HTTP/1.1', () => {
    expect(() => readOrigin(head({}), nobody)).toThrow('The header Host is missing')
    const rawHeaders = ['Accept', '*/*', 'Host', 'a', 'HOST', 'a']
    expect(() => readOrigin({ ...head({ host: 'a' }), rawHeaders }, nobody)).toThrow(
      'must not be there twice',
    )
    expect(readOrigin({ ...head({}), httpVersion: '1.0' }, nobody)).toBeUndefined()
  })

  const forwarded = { host: 'inside', 'x-forwarded-host': 'chat.example.com', 'x-forwarded-proto': 'https' }
  it('is the forwarded one of a trusted proxy, and of no other client', () => {
    expect(readOrigin(head(forwarded), proxies)).toBe('https://chat.example.com')
    expect(readOrigin(head(forwarded, '::ffff:10.1.2.3'), proxies)).toBe('https://chat.example.com')
    expect(readOrigin(head(forwarded, '2001:db8::7'), proxies)).toBe('https://chat.example.com')
    for (const stranger of ['192.0.2.1', '2001:db9::1', '']) {
      expect(readOrigin(head(forwarded, stranger), proxies)).toBe('http://inside')
    }
    expect(readOrigin(head(forwarded), nobody)).toBe('http://inside')
  })

  it.each([
    ['https', 'https'],
    ['WSS', 'https'],
    ['ws', 'http'],
    ['https, http', 'http'],
  ])('has the scheme that the nearest proxy sends: %s', (said, scheme) => {
    expect(readOrigin(head({ host: 'a', 'x-forwarded-proto': said }), proxies)).toBe(`${scheme}://a`)
  })

  it.each([
    ['/chat', 'http://a/chat'],
    ['/chat/', 'http://a/chat'],
    ['/outer, /team%20a/chat', 'http://a/team%20a/chat'],
    ['/', 'http://a'],
    ['', 'http://a'],
  ])('includes the path prefix of a trusted proxy: %j', (prefix, base) => {
    const headers = { host: 'a', 'x-forwarded-prefix': prefix }
    expect(readOrigin(head(headers), proxies)).toBe(base)
    expect(readOrigin(head(headers), nobody)).toBe('http://a')
  })

  it.each(['chat', '//evil.example', '/a//b', '/a?b', '/a#b', '/..', '/a/%2E./b', '/<b>', '/"', '/%zz'])(
    'has no invalid path prefix: %s',
    (prefix) => {
      const headers = { host: 'a', 'x-forwarded-prefix': prefix }
      expect(() => readOrigin(head(headers), proxies)).toThrow('X-Forwarded-Prefix')
      expect(readOrigin(head(headers), nobody)).toBe('http://a')
    },
  )

  it('has no other scheme', () => {
    const headers = { host: 'a', 'x-forwarded-proto': 'javascript' }
    expect(() => readOrigin(head(headers), proxies)).toThrow('X-Forwarded-Proto')
    expect(readOrigin(head(headers), nobody)).toBe('http://a')
  })
})

describe('the address that a request comes from', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['192.0.2.1, 203.0.113.7', '203.0.113.7'],
    ['192.0.2.1, 203.0.113.7, 10.0.0.2', '203.0.113.7'],
    ['10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['2001:db9::1', '2001:db9::1'],
    ['203.0.113.7, unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('is the nearest one that is no trusted proxy: %s', (chain, address) => {
    expect(readAddress(head({ 'x-forwarded-for': chain }), proxies)).toBe(address)
  })

  it('is never what an untrusted client claims', () => {
    const claim = { 'x-forwarded-for': '10.0.0.1' }
    expect(readAddress(head(claim, '192.0.2.1'), proxies)).toBe('192.0.2.1')
    expect(readAddress(head(claim), nobody)).toBe('127.0.0.1')
  })
})

it.each([
  ['/v1/users?size=1', '/v1/users?size=1', 'asked'],
  ['//other/v1', '//other/v1', 'asked'],
  ['*', '*', 'asked'],
  ['http://other:1/v1/users?size=1', '/v1/users?size=1', 'other:1'],
  ['HTTPS://other', '/', 'other'],
  ['http://other?a=1', '/?a=1', 'other'],
  ['http:///v1', '/v1', ''],
])('the target %s is %s, its host before that of the header', (url, target, host) => {
  const request = { url, headers: { host: 'asked' } }
  expect(originForm(request)).toBe(target)
  expect(request.headers.host).toBe(host)
})
