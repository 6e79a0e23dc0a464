// What this server serves itself: paths in documents, to which the origin of the request is prepended, and files.

/**
 * Returns the path of the default avatar of a name (contract b), form-encoded as in the hosted API. The names `.` and
 * `..` get a space at the end, because clients take such a segment of a path, even encoded, as a step in the tree.
 */
export function generatedPictureUrl(displayName: string): string {
  const name = /^\.{1,2}$/.test(displayName) ? `${displayName} ` : displayName
  return `/v1/picture/${encodeURIComponent(name).replaceAll('%20', '+')}`
}

/** Number of characters at the end of a file name that appear in its path; more would only make it longer. */
const shownNameMax = 100

/** Returns the path of a hosted file. The name is for people; only the key is looked up. */
export function hostedUrl({ key, name }: { key: string; name: string }): string {
  return `/v1/files/${key}/${encodeURIComponent(name.slice(-shownNameMax).toWellFormed())}`
}

/** Returns whether files of a type are scripts. Matches part of its name, since there are a dozen such types. */
export function isScript(contentType: string): boolean {
  return /javascript|ecmascript|jscript|livescript/.test(contentType)
}

/** Splits such a path before the name at its end, which it returns decoded; undefined for any other URL. */
export function splitServed(url: string): { path: string; name: string } | undefined {
  const [, path, name = ''] = /^(\/v1\/(?:picture|files\/[^/]+)\/)(.*)$/s.exec(url) ?? []
  if (path === undefined) return undefined
  try {
    return { path, name: decodeURIComponent(name.replaceAll('+', ' ')) }
  } catch {
    return undefined // not encoded as ours are
  }
}
