// Tables for people and for docs/performance.md alike.

export function table(title: string, head: string[], rows: string[][]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]?.length ?? 0)))
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, at) => (at === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [`\n${title}\n`, line(head), rule, ...rows.map(line)].join('\n')
}

export const count = (value: number) => Math.round(value).toLocaleString('en')
export const ratio = (value: number) => value.toFixed(2)
export const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
export const verdict = (isReached: boolean) => (isReached ? 'yes' : 'NO')
