import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Scene } from './round.ts'
import type { Instance } from './stage.ts'

const fullMs = 4_000
const chunk = Buffer.alloc(1024 ** 2)

/**
 * Fills the disk of the database and the files for a while. Writes are then refused as temporary failures. Afterwards,
 * everything continues without intervention.
 */
export async function fillDisk(scene: Scene): Promise<void> {
  const { stage, broken } = scene
  const instance = stage.instances[0] as Instance
  const { id } = await stage.create('/channels', { type: 'PUBLIC' })
  scene.otherChannelIds.push(id)
  await upload(scene, id)
  const filler = join(instance.home, 'filler')
  await fill(filler)
  try {
    const giveUpAt = Date.now() + fullMs
    let refused = 0
    while (Date.now() < giveUpAt) {
      if (!(await upload(scene, id))) refused += 1
      await fill(filler) // what was freed meanwhile
      await sleep(200)
    }
    if (refused === 0) broken('no upload was refused while the disk was full')
  } finally {
    await rm(filler)
  }
  await stage.get('/application') // it is back
  const backAt = Date.now() + fullMs
  while (!(await upload(scene, id))) {
    if (Date.now() > backAt) {
      broken('uploads are refused although there is room again')
      return
    }
    await sleep(100)
  }
}

/** Fills the disk to the last byte. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'a')
  try {
    for (let size = chunk.length; size >= 1; ) {
      const isFull = await file.write(chunk, 0, size).then(
        ({ bytesWritten }) => bytesWritten < size,
        () => true,
      )
      if (isFull) size >>= 1
    }
  } finally {
    await file.close()
  }
}

/** @returns whether the write was accepted */
async function upload({ stage }: Scene, channelId: number): Promise<boolean> {
  const form = new FormData()
  form.append('type', 'FILE')
  form.append('file', new Blob([chunk], { type: 'application/octet-stream' }), 'zeros')
  try {
    const answer = await stage.request(
      stage.instances[0] as Instance,
      'POST',
      `/channels/${channelId}/messages`,
      form,
    )
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
