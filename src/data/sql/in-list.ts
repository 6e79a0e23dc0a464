/** Returns SQL text: a list for `in`, `('a', 'b')`. @param texts constants of this program, at least one */
export function inList(texts: Iterable<string>): string {
  const quoted = Array.from(texts, (text) => `'${text.replaceAll("'", "''")}'`)
  return `(${quoted.join(', ')})`
}
