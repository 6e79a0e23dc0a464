// Settings of database sessions: ours beside those of the operator.
import type pg from 'pg'

/**
 * Returns how to connect to a URL with these `options` in addition to those in the URL, which pg would use instead of
 * ours. Ours come last, because for the same setting the last one counts.
 */
export function withOptions(
  url: string,
  ours: string,
): Required<Pick<pg.ClientConfig, 'connectionString' | 'options'>> {
  const parsed = new URL(url)
  const theirs = parsed.searchParams.get('options')
  if (theirs === null) return { connectionString: url, options: ours }
  parsed.searchParams.delete('options')
  return { connectionString: parsed.href, options: `${theirs} ${ours}` }
}
