import { extname } from 'node:path'

const nameMax = 255
const extensionMax = 20

/** Includes characters that reorder the text around them, so that `exe.jpg` reads as `gpj.exe`. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu

/** Returns a file name that is safe to store and show: no folders, nothing invisible, not too long, never empty. */
export function safeName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const clean = last.normalize('NFC').replace(unseen, '').trim().replace(/^\.+$/, '')
  return shorten(clean) || 'file'
}

/** Shortens a name and keeps its extension. */
function shorten(name: string): string {
  if (name.length <= nameMax) return name
  const extension = extname(name).slice(0, extensionMax)
  return (name.slice(0, nameMax - extension.length) + extension).toWellFormed()
}
