/** SQL text: a list to look a text up in, `('a', 'b')`. @param texts constants of ours, at least one */
export function inList(texts: Iterable<string>): string {
  const quoted = Array.from(texts, (text) => `'${text.replaceAll("'", "''")}'`)
  return `(${quoted.join(', ')})`
}
