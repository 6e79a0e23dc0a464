// A saved state of a world, kept by the server until it ends, or in a file (testing contract 2).
import { writeFile } from 'node:fs/promises'
import type { TestApiClient } from './http.ts'

/** A snapshot as the server presents it. */
export interface SnapshotFields {
  readonly id: number
  readonly name: string
  /** The size of its file in bytes. */
  readonly size: number
  /** ISO 8601. */
  readonly createdTime: string
}

export class Snapshot implements SnapshotFields {
  readonly id: number
  readonly name: string
  readonly size: number
  readonly createdTime: string
  readonly #client: TestApiClient

  constructor(client: TestApiClient, { id, name, size, createdTime }: SnapshotFields) {
    this.id = id
    this.name = name
    this.size = size
    this.createdTime = createdTime
    this.#client = client
  }

  /**
   * Returns its file: lines of JSON, the first of which has the format and its version. Any later Chatterie accepts it
   * in `chatterie.uploadSnapshot`.
   * @param path where to save the file as well
   */
  async download(path?: string): Promise<string> {
    const answer = await this.#client.send('GET', `/snapshots/${this.id}`)
    const text = await answer.text()
    if (path !== undefined) await writeFile(path, text)
    return text
  }

  /** Deletes the snapshot; worlds created from it remain. Does nothing if it is already gone. */
  async remove(): Promise<void> {
    await this.#client.remove(`/snapshots/${this.id}`)
  }
}

/** A snapshot, or its id. */
export type SnapshotReference = Pick<SnapshotFields, 'id'> | SnapshotFields['id']

export function idOf(snapshot: SnapshotReference): SnapshotFields['id'] {
  return typeof snapshot === 'object' ? snapshot.id : snapshot
}
