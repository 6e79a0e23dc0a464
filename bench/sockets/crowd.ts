// Many connections that count the messages they receive.

/** One connection of the crowd. */
export interface Counting {
  count(counted: () => void, lost: (error: Error) => void): void
}

/** How many are opened at a time. */
const openingMax = 64
const patienceMs = 60_000

export class Crowd<C extends Counting> {
  readonly members: C[]
  /** How many were opened per second, several at a time. */
  readonly rate: number
  deliveries = 0
  readonly #waiting: { total: number; resolve: () => void }[] = []
  #lost: Error | undefined
  #failed: (error: Error) => void = () => {}

  /** @param atOnce how many are opened at a time */
  static async open<C extends Counting>(
    size: number,
    open: (nth: number) => Promise<C>,
    atOnce = openingMax,
  ): Promise<Crowd<C>> {
    const members: C[] = []
    let next = 0
    const begin = performance.now()
    const opener = async () => {
      while (next < size) {
        const nth = next
        next += 1
        members[nth] = await open(nth)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, opener))
    return new Crowd(members, (size / (performance.now() - begin)) * 1000)
  }

  private constructor(members: C[], rate: number) {
    this.members = members
    this.rate = rate
    for (const member of members) this.count(member)
  }

  get size(): number {
    return this.members.length
  }

  count(member: C): void {
    member.count(this.#counted, (error) => {
      this.#lost ??= error
      this.#failed(this.#lost)
    })
  }

  /** Call this before the server ends the connections. */
  expectEnd(): void {
    for (const member of this.members) member.count(this.#counted, () => {})
  }

  /** Resolves when this many messages have been delivered in total. */
  async received(total: number): Promise<void> {
    if (this.#lost) throw this.#lost
    if (this.deliveries >= total) return
    await new Promise<void>((resolve, reject) => {
      this.#failed = reject
      this.#waiting.push({ total, resolve })
      this.#waiting.sort((a, b) => a.total - b.total)
      this.#watch()
    })
  }

  readonly #counted = (): void => {
    this.deliveries += 1
    while (this.#waiting.length > 0 && this.deliveries >= (this.#waiting[0]?.total ?? 0)) {
      this.#waiting.shift()?.resolve()
    }
  }

  #timer: NodeJS.Timeout | undefined

  /** Fails the run if deliveries stop, because a lost message would make it wait forever. */
  #watch(): void {
    const { deliveries } = this
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.#waiting.length === 0) return
      if (this.deliveries > deliveries) this.#watch()
      else this.#failed(new Error(`Only ${this.deliveries} of ${this.#waiting[0]?.total} messages came`))
    }, patienceMs).unref()
  }
}
