// Globs of paths and destinations (testing contract 4). Matching takes time proportional to the product of the lengths.

/** One character, `*` (anything within a segment), `**` (anything), or `/?` (a slash, or skips the `**` after it). */
type Step = string

/**
 * Compiles a glob: `*` matches anything within a segment, `**` matches anything, and a whole segment `**` also nothing.
 * @returns a predicate that tells whether a text matches
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const parts = pattern.match(/\/\*\*(?=\/)|\*\*+|./gsu) ?? []
  const steps = parts.flatMap((part): Step[] => {
    if (part === '/**') return ['/?', '**']
    return [part.startsWith('**') ? '**' : part]
  })
  return (text) => {
    let states = withSkipped(steps, 0)
    for (const character of text) {
      const next = new Set<number>()
      for (const at of states) for (const to of follow(steps[at], character, at)) withSkipped(steps, to, next)
      if (next.size === 0) return false
      states = next
    }
    return states.has(steps.length)
  }
}

/** Returns the steps that a character leads to from a step. */
function follow(step: Step | undefined, character: string, at: number): number[] {
  if (step === '**' || (step === '*' && character !== '/')) return [at]
  if (step === '/?') return character === '/' ? [at + 1] : []
  return step === character && step !== '*' ? [at + 1] : []
}

/** Adds a step, and the steps after it that are reachable without consuming a character. */
function withSkipped(steps: Step[], at: number, into = new Set<number>()): Set<number> {
  for (let to = at; !into.has(to); ) {
    into.add(to)
    if (steps[to] === '*' || steps[to] === '**') to += 1
    else if (steps[to] === '/?') to += 2
  }
  return into
}
