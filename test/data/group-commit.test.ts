import { describe, expect, it } from 'vitest'
import { GroupCommit, groupMax } from '#data/group-commit.ts'

/** Statements that wait until `open` is called, and record their items. */
function statements({ refuses = () => false }: { refuses?: (item: number) => boolean } = {}) {
  const sent: { by: 'one' | 'many'; items: number[] }[] = []
  let gate = Promise.withResolvers<void>()
  const send = async (by: 'one' | 'many', items: number[]) => {
    sent.push({ by, items })
    await gate.promise
    if (items.some(refuses))
      throw Object.assign(new Error(`refused ${items.find(refuses)}`), { severity: 'ERROR' })
    return items.map((item) => item * 10)
  }
  return {
    sent,
    /** Lets the statements complete. */
    open: () => gate.resolve(),
    close() {
      gate = Promise.withResolvers()
    },
    commit: new GroupCommit<number, number>({
      one: async (item) => (await send('one', [item]))[0] as number,
      many: (items) => send('many', items),
    }),
  }
}

const upTo = (length: number) => Array.from({ length }, (_, at) => at + 1)

describe('a group commit', () => {
  it('sends a lone item at once, by the plain statement', async () => {
    const { commit, sent, open } = statements()
    const outcome = commit.submit(1)
    expect(sent).toEqual([{ by: 'one', items: [1] }])
    open()
    expect(await outcome).toBe(10)
  })

  it('sends items that arrive one after the other each alone', async () => {
    const { commit, sent, open } = statements()
    open()
    for (const item of [1, 2, 3]) expect(await commit.submit(item)).toBe(item * 10)
    expect(sent.map(({ by }) => by)).toEqual(['one', 'one', 'one'])
  })

  it('sends together what arrives while a statement is in flight, in order', async () => {
    const { commit, sent, open } = statements()
    const outcomes = upTo(5).map((item) => commit.submit(item))
    expect(sent).toHaveLength(1)
    open()
    expect(await Promise.all(outcomes)).toEqual([10, 20, 30, 40, 50])
    expect(sent).toEqual([
      { by: 'one', items: [1] },
      { by: 'many', items: [2, 3, 4, 5] },
    ])
  })

  it('resolves no item before the statement that holds it is done', async () => {
    const { commit, open } = statements()
    let answered = 0
    const outcomes = upTo(3).map((item) => commit.submit(item).then(() => answered++))
    await new Promise(setImmediate)
    expect(answered).toBe(0)
    open()
    await Promise.all(outcomes)
    expect(answered).toBe(3)
  })

  it('never resends what may be stored: a group whose connection broke fails as a whole', async () => {
    let sent = 0
    const gate = Promise.withResolvers<void>()
    const commit = new GroupCommit<number, number>({
      one: async () => {
        sent++
        await gate.promise
        return 0
      },
      many: async () => {
        sent++
        throw new Error('Connection terminated unexpectedly')
      },
    })
    const outcomes = upTo(3).map((item) => commit.submit(item))
    gate.resolve()
    const settled = await Promise.allSettled(outcomes)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(sent).toBe(2)
  })

  it(`sends ${groupMax} at most at once`, async () => {
    const { commit, sent, open } = statements()
    const items = upTo(1 + groupMax + 3)
    const outcomes = items.map((item) => commit.submit(item))
    open()
    expect(await Promise.all(outcomes)).toEqual(items.map((item) => item * 10))
    expect(groupMax).toBe(256)
    expect(sent.map(({ items }) => items.length)).toEqual([1, groupMax, 3])
  })

  it('sends no more at once than its limit', async () => {
    const sizes: number[] = []
    const many = async (items: number[]) => items
    const one = async (item: number) => item
    const commit = new GroupCommit({ one, many }, { max: 2, sent: (size) => sizes.push(size) })
    expect(await Promise.all(upTo(6).map((item) => commit.submit(item)))).toEqual(upTo(6))
    expect(sizes).toEqual([1, 2, 2, 1])
  })

  it('a bad item fails alone: its group is sent again one by one', async () => {
    const { commit, sent, open } = statements({ refuses: (item) => item === 3 })
    const outcomes = upTo(4).map((item) => commit.submit(item))
    open()
    expect(await Promise.allSettled(outcomes)).toMatchObject([
      { status: 'fulfilled', value: 10 },
      { status: 'fulfilled', value: 20 },
      { status: 'rejected', reason: new Error('refused 3') },
      { status: 'fulfilled', value: 40 },
    ])
    expect(sent.filter(({ by }) => by === 'one').map(({ items }) => items[0])).toEqual([1, 2, 3, 4])
  })

  it('continues after a failure', async () => {
    const { commit, open } = statements({ refuses: (item) => item === 1 })
    open()
    await expect(commit.submit(1)).rejects.toThrow('refused 1')
    expect(await commit.submit(2)).toBe(20)
  })

  it('accepts what is submitted by those it has just resolved', async () => {
    const { commit, open } = statements()
    open()
    const chain = async (item: number): Promise<number> =>
      item === 5 ? commit.submit(item) : commit.submit(item).then(() => chain(item + 1))
    expect(await Promise.all([chain(1), chain(1)])).toEqual([50, 50])
  })
})
