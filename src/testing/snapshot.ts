// A world as it was at a moment, kept by the server until it ends, or in a file (testing contract 2).
import { writeFile } from 'node:fs/promises'
import type { TestApiClient } from './http.ts'

/** What the server says of a snapshot. */
export interface SnapshotFields {
  readonly id: number
  readonly name: string
  /** In bytes, of its file. */
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
   * Its file: lines of JSON, the first of which has the format and its version. Any later Chatterie takes it, with
   * `chatterie.uploadSnapshot`.
   * @param path where to write it as well
   */
  async download(path?: string): Promise<string> {
    const answer = await this.#client.send('GET', `/snapshots/${this.id}`)
    const text = await answer.text()
    if (path !== undefined) await writeFile(path, text)
    return text
  }

  /** Worlds that were made of it stay. */
  async remove(): Promise<void> {
    await this.#client.ask('DELETE', `/snapshots/${this.id}`)
  }
}

/** A snapshot, or its id. */
export type SnapshotReference = Pick<SnapshotFields, 'id'> | SnapshotFields['id']

export function idOf(snapshot: SnapshotReference): SnapshotFields['id'] {
  return typeof snapshot === 'object' ? snapshot.id : snapshot
}
