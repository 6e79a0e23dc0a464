import { isDatabaseAway } from '#errors.ts'

interface How<I, S, P> {
  /** What items are about, for all of them at once. */
  load(items: I[]): Promise<S>
  present(item: I, subjects: S): P
  /** Does without an item of which nothing can be made. @returns what stands for it, if anything */
  setAside(item: I, error: unknown): Promise<P[]>
}

const triesMax = 3

/**
 * Makes something of each item, in order. One of which nothing can be made keeps nothing from the others: it is tried
 * again by itself, and set aside.
 * @throws where the database is away
 */
export async function presentEach<I, S, P>(items: I[], how: How<I, S, P>): Promise<[item: I, made: P][]> {
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

/** Once more, after it failed among others. */
async function presentAlone<I, S, P>(item: I, how: How<I, S, P>): Promise<[I, P][]> {
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
