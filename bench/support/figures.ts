// Figures stored in a file, so that a later run can be compared with them: those that barely change on a busy machine.
import { readFileSync, writeFileSync } from 'node:fs'
import { median } from './rounds.ts'
import { ratio, table } from './table.ts'

export interface Figure {
  name: string
  /** The result of each round. */
  rounds: number[]
  better: 'less' | 'more'
}

/** The output of a benchmark, and the figures in it that can be compared. */
export interface Report {
  text: string
  figures: Figure[]
}

export function keepFigures(path: string, figures: Figure[]): void {
  writeFileSync(path, `${JSON.stringify(figures, null, 2)}\n`)
}

export function readFigures(path: string): Figure[] {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** Smaller differences are always noise. */
const leastNoise = 0.05

/** Compares figures with those of an earlier run; `worse` lists those worse by more than the noise of both runs. */
export function compareFigures(before: Figure[], now: Figure[]): { text: string; worse: string[] } {
  const worse: string[] = []
  const rows: string[][] = []
  for (const figure of now) {
    const earlier = before.find(({ name }) => name === figure.name)
    if (!earlier) continue
    const change = median(figure.rounds) / median(earlier.rounds) - 1
    const noise = Math.max(leastNoise, noiseOf(earlier) + noiseOf(figure))
    const isWorse = (figure.better === 'less' ? change : -change) > noise
    if (isWorse) worse.push(figure.name)
    rows.push([
      figure.name,
      ratio(median(earlier.rounds)),
      ratio(median(figure.rounds)),
      percent(change),
      percent(noise),
      isWorse ? 'WORSE' : '',
    ])
  }
  const head = ['', 'before', 'now', 'change', 'noise', '']
  return { text: table('Beside the figures kept', head, rows), worse }
}

/** Returns the median distance of the rounds from their median, as a fraction of it. */
function noiseOf({ rounds }: Figure): number {
  const middle = median(rounds)
  return median(rounds.map((round) => Math.abs(round / middle - 1)))
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
