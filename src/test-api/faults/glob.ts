// Globs of paths and destinations (testing contract 4), matched in time that grows with both lengths and nothing else.

/** One character, or `*` for any within a segment, `**` for any, `/?` for a slash and whatever follows, or nothing. */
type Step = string

/**
 * Compiles a glob: `*` stands for anything within a segment, `**` for anything, and a whole segment of it for none, too.
 * @returns whether a text has its form
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

/** Where a character leads from a step. */
function follow(step: Step | undefined, character: string, at: number): number[] {
  if (step === '**' || (step === '*' && character !== '/')) return [at]
  if (step === '/?') return character === '/' ? [at + 1] : []
  return step === character && step !== '*' ? [at + 1] : []
}

/** A step with those behind it that are reached without a character. */
function withSkipped(steps: Step[], at: number, into = new Set<number>()): Set<number> {
  for (let to = at; !into.has(to); ) {
    into.add(to)
    if (steps[to] === '*' || steps[to] === '**') to += 1
    else if (steps[to] === '/?') to += 2
  }
  return into
}
