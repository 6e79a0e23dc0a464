// Addresses that documents show and we serve ourselves; the origin of the request comes in front.

/** Where the default avatar of a name is (contract b); form-encoded, as the hosted API writes it. */
export function generatedPictureUrl(displayName: string): string {
  return `/v1/picture/${encodeURIComponent(displayName).replaceAll('%20', '+')}`
}

/** The end of a name that an address shows; the rest would only make it long. */
const shownNameMax = 100

/** Where a hosted file is. The name is for people: the key alone counts. */
export function hostedUrl({ key, name }: { key: string; name: string }): string {
  return `/v1/files/${key}/${encodeURIComponent(name.slice(-shownNameMax).toWellFormed())}`
}
