import { describe, expect, it } from 'vitest'
import { isPublic, publicWeb, unrestricted } from '#previews/guard.ts'

describe('an address of the public internet', () => {
  it.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '::ffff:1.1.1.1'])(
    'is %s',
    (address) => expect(isPublic(address)).toBe(true),
  )

  it.each([
    // The host itself.
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    // The local network.
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    'fd00::1',
    'fc00::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    '::ffff:10.0.0.1',
    // Metadata services of cloud providers.
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    // IPv4 addresses embedded in IPv6 addresses.
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '::ffff:0:127.0.0.1',
    // Multicast, broadcast and reserved addresses.
    '224.0.0.1',
    'ff02::1',
    '255.255.255.255',
    '240.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.1',
    '2001:db8::1',
    '100::1',
    'example.com',
    '',
  ])('is not %j', (address) => {
    expect(isPublic(address)).toBe(false)
    expect(publicWeb.mayConnect(address, 443)).toBe(false)
  })
})

it('only the web ports of public addresses are reached', () => {
  const reached = [22, 25, 80, 443, 5432, 6379, 8080].filter((port) => publicWeb.mayConnect('1.1.1.1', port))
  expect(reached).toEqual([80, 443])
  expect(unrestricted.mayConnect('127.0.0.1', 5432)).toBe(true)
})
