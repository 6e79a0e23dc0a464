// Opens the configured file store.
import { join } from 'node:path'
import { openDiskStore } from '#files/disk.ts'
import type { FileStore } from '#files/files.ts'
import type { S3Settings } from '#files/s3.ts'

/** Stores files in S3 if it is configured, otherwise in the home folder. */
export function openFileStore({ home, s3 }: { home: string; s3?: S3Settings }): FileStore {
  return s3 ? openS3Store(s3) : openDiskStore(join(home, 'files'))
}

/** Loads Amazon's client on first use: it takes 0.2 s, which servers that store files on disk never spend. */
function openS3Store(settings: S3Settings): FileStore {
  let opening: Promise<FileStore> | undefined
  const store = () => {
    opening ??= import('#files/s3.ts').then(({ S3Store }) => new S3Store(settings))
    return opening
  }
  return {
    put: async (...upload) => (await store()).put(...upload),
    open: async (...wanted) => (await store()).open(...wanted),
    delete: async (key) => (await store()).delete(key),
  }
}
