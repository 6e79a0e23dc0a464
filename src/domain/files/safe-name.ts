import { extname } from 'node:path'

const nameMax = 255
const extensionMax = 20

/** What reorders the text around it, so that `exe.jpg` reads as `gpj.exe`. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** The name of a file as it may be kept and shown: no folders, nothing invisible, not too long, never empty. */
export function safeName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const clean = last.normalize('NFC').replace(unseen, '').trim().replace(/^\.+$/, '')
  return shorten(clean) || 'file'
}

/** Keeps the extension. */
function shorten(name: string): string {
  if (name.length <= nameMax) return name
  const extension = extname(name).slice(0, extensionMax)
  return (name.slice(0, nameMax - extension.length) + extension).toWellFormed()
}
