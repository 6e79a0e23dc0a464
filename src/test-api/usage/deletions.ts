// Remembers which resources a world deleted, to tell requests for them from requests for resources that never existed.

/** Maximum number per world; the oldest are forgotten. */
const pathsMax = 1_000

export class Deletions {
  readonly #worlds = new Map<number, Set<string>>()

  /** Records that the resource at this path was deleted. */
  add(worldId: number, path: string): void {
    const paths = this.#worlds.get(worldId) ?? new Set()
    this.#worlds.set(worldId, paths)
    paths.add(resourceOf(path))
    for (const oldest of paths) {
      if (paths.size <= pathsMax) return
      paths.delete(oldest)
    }
  }

  /** Returns the deleted resource at a path or above it. */
  find(worldId: number, path: string): string | undefined {
    const paths = this.#worlds.get(worldId)
    if (!paths) return undefined
    let at = resourceOf(path)
    while (at !== '' && !paths.has(at)) at = at.slice(0, at.lastIndexOf('/'))
    return at || undefined
  }

  forget(worldId: number): void {
    this.#worlds.delete(worldId)
  }
}

/** `/v1/applications/7/channels/3` -> `/channels/3` */
function resourceOf(path: string): string {
  return path
    .replace(/^\/v1(?=\/)/, '')
    .replace(/^\/applications\/\w+(?=\/)/, '')
    .replace(/\/$/, '')
}
