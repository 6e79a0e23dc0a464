import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { readConfig } from '#config.ts'
import { openFileStore } from '#files/open.ts'

const s3 = { S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' }

it('files are stored on the disk, 25 MB each at most, unless the settings say otherwise', () => {
  expect(readConfig({})).toMatchObject({ fileSizeMax: 26_214_400 })
  expect(readConfig({}).s3).toBeUndefined()
  expect(readConfig({ FILE_SIZE_MAX: '10', S3_BUCKET: '', S3_ENDPOINT: '' }).fileSizeMax).toBe(10)
})

it('files are stored in the bucket that the settings name', () => {
  const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
  expect(readConfig(s3).s3).toEqual({ bucket: 'files', region: 'us-east-1', credentials })
  expect(readConfig({ S3_BUCKET: 'files' }).s3).toEqual({ bucket: 'files', region: 'us-east-1' })
  const endpoint = 'http://localhost:9000'
  expect(readConfig({ ...s3, S3_ENDPOINT: endpoint, S3_REGION: 'eu-west-3' }).s3).toEqual({
    bucket: 'files',
    region: 'eu-west-3',
    endpoint,
    credentials,
  })
})

it.for<[string, Record<string, string>, RegExp]>([
  [
    'an invalid size',
    { FILE_SIZE_MAX: 'large' },
    /^FILE_SIZE_MAX is wrong: must be a whole number of bytes, at least 1$/,
  ],
  ['no size', { FILE_SIZE_MAX: '0' }, /^FILE_SIZE_MAX is wrong: .*$/],
  ['an invalid bucket', { S3_BUCKET: 'a/b' }, /^S3_BUCKET is wrong: must be the name of a bucket$/],
  [
    'an endpoint that is none',
    { ...s3, S3_ENDPOINT: 'minio:9000' },
    /^S3_ENDPOINT is wrong: must be an http.*$/,
  ],
  [
    'a region that is none',
    { ...s3, S3_REGION: 'a b' },
    /^S3_REGION is wrong: must be the name of a region$/,
  ],
  [
    'an endpoint without a bucket',
    { S3_ENDPOINT: 'http://minio:9000' },
    /^S3_BUCKET is missing: S3_ENDPOINT .*$/,
  ],
  ['credentials without a bucket', { S3_ACCESS_KEY_ID: 'a' }, /^S3_BUCKET is missing: S3_ACCESS_KEY_ID .*$/],
  [
    'half of the credentials',
    { S3_BUCKET: 'a', S3_ACCESS_KEY_ID: 'a' },
    /^S3_SECRET_ACCESS_KEY is missing: .*$/,
  ],
  ['the other half', { S3_BUCKET: 'a', S3_SECRET_ACCESS_KEY: 'a' }, /^S3_ACCESS_KEY_ID is missing: .*$/],
])('%s stops the start with one line that names the variable', ([, settings, line]) => {
  expect(() => readConfig(settings)).toThrow(line)
})

it('the store on the disk is in the home folder', async () => {
  const home = await mkdtemp(join(tmpdir(), 'chatterie-home-'))
  async function* content() {
    yield Buffer.from('content')
  }
  await openFileStore({ home }).put('a-key', content(), 7)
  expect((await buffer(await openFileStore({ home }).open('a-key'))).toString()).toBe('content')
  await rm(join(home, 'files'), { recursive: true })
  await rm(home, { recursive: true })
})
