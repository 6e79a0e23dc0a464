/** A set that takes memory only while it has elements: an empty Set takes 150 bytes, and every session has several. */
export class LazySet<T> implements Iterable<T> {
  #elements: Set<T> | undefined

  get size(): number {
    return this.#elements?.size ?? 0
  }

  has(element: T): boolean {
    return this.#elements?.has(element) ?? false
  }

  add(element: T): void {
    this.#elements ??= new Set()
    this.#elements.add(element)
  }

  /** @returns whether the element was in the set */
  delete(element: T): boolean {
    const had = this.#elements?.delete(element) ?? false
    if (this.#elements?.size === 0) this.#elements = undefined
    return had
  }

  clear(): void {
    this.#elements = undefined
  }

  [Symbol.iterator](): Iterator<T> {
    return (this.#elements ?? [])[Symbol.iterator]()
  }
}
