import { isDatabaseAway } from '#errors.ts'

interface PresentOptions<I, S, P> {
  /** Loads the subjects of all items at once. */
  load(items: I[]): Promise<S>
  present(item: I, subjects: S): P
  /** Gives up on an item that cannot be presented. @returns what replaces it, if anything */
  setAside(item: I, error: unknown): Promise<P[]>
}

const triesMax = 3

/**
 * Presents each item, in order. An item that fails does not hold up the others: it is retried alone, and finally set
 * aside.
 * @throws Error if the database is away
 */
export async function presentEach<I, S, P>(
  items: I[],
  how: PresentOptions<I, S, P>,
): Promise<[item: I, made: P][]> {
  if (items.length === 0) return []
  let subjects: S
  try {
    subjects = await how.load(items)
  } catch (error) {
    if (isDatabaseAway(error)) throw error
    if (items.length === 1) return presentAlone(items[0] as I, how)
    const middle = Math.ceil(items.length / 2)
    const first = await presentEach(items.slice(0, middle), how)
    return [...first, ...(await presentEach(items.slice(middle), how))]
  }
  const made: [I, P][] = []
  for (const item of items) {
    try {
      made.push([item, how.present(item, subjects)])
    } catch {
      made.push(...(await presentAlone(item, how)))
    }
  }
  return made
}

/** Retries an item that failed in a batch, alone. */
async function presentAlone<I, S, P>(item: I, how: PresentOptions<I, S, P>): Promise<[I, P][]> {
  for (let tries = 2; ; tries += 1) {
    try {
      return [[item, how.present(item, await how.load([item]))]]
    } catch (error) {
      if (isDatabaseAway(error)) throw error
      if (tries < triesMax) continue
      return (await how.setAside(item, error)).map((made) => [item, made])
    }
  }
}
