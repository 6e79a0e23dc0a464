/** The token of RFC 6750, in the header or, as older backends send it, in the query. */
export function bearerToken(request: {
  headers: { authorization?: string | undefined }
  query: unknown
}): string | undefined {
  const header = request.headers.authorization
  if (header !== undefined) return /^Bearer +(\S+) *$/i.exec(header)?.[1]
  const { access_token: token } = request.query as Record<string, unknown>
  return typeof token === 'string' ? token : undefined
}
