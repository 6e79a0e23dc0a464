import { expect, it } from 'vitest'
import { safeName } from '#domain/files/safe-name.ts'

it.for([
  ['photo.png', 'photo.png'],
  ['Füße 😀.png', 'Füße 😀.png'],
  ['e\u0301.txt', 'é.txt'],
  ['/etc/passwd', 'passwd'],
  ['..\\..\\boot.ini', 'boot.ini'],
  ['..', 'file'],
  ['', 'file'],
  [' \u0000\r\n ', 'file'],
  ['a\r\nb\u0000.txt', 'ab.txt'],
  ['annual\u202egpj.exe', 'annualgpj.exe'],
  ['a\ud800b', 'a\ufffdb'],
] as const)('the name %j is kept as %j', ([given, kept]) => {
  expect(safeName(given)).toBe(kept)
})

it('a long name is shortened, its extension is not', () => {
  const name = safeName(`${'😀'.repeat(400)}.jpeg`)
  expect(name).toHaveLength(255)
  expect(name).toMatch(/\.jpeg$/)
  expect(name.isWellFormed()).toBe(true)
})
