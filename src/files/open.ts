// Which store the settings ask for.
import { join } from 'node:path'
import { openDiskStore } from '#files/disk.ts'
import type { FileStore } from '#files/files.ts'
import type { S3Settings } from '#files/s3.ts'

/** Files are kept in S3 where there are settings for it, in the home folder otherwise. */
export function openFileStore({ home, s3 }: { home: string; s3?: S3Settings }): FileStore {
  return s3 ? openS3Store(s3) : openDiskStore(join(home, 'files'))
}

/** Amazon's client takes 0.2 s to load, so who keeps files on the disk never does. */
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
