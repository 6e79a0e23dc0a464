import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Config, misspeltSettings, readConfig } from '#config.ts'

const uuid = '0b4cbd2a-60d4-4d4e-9e0c-2b7d4f1f3a55'
const key = Buffer.alloc(32, 7)

describe('the settings', () => {
  it('default to serving this machine alone', () => {
    expect(readConfig({})).toMatchObject({
      port: 9001,
      host: '127.0.0.1',
      home: resolve('.chatterie'),
      linkPreviews: true,
      logLevel: 'info',
    })
    for (const name of [
      'databaseUrl',
      'redisUrl',
      'clientId',
      'clientSecret',
      'apiKey',
      'publicUrl',
      'encryptionKey',
      's3',
    ]) {
      expect(readConfig({})).not.toHaveProperty(name)
    }
  })

  it.each<[string, string, keyof Config, unknown]>([
    ['PORT', '8080', 'port', 8080],
    ['PORT', '0', 'port', 0],
    ['HOST', '0.0.0.0', 'host', '0.0.0.0'],
    ['CHATTERIE_HOME', '/var/lib/chatterie', 'home', '/var/lib/chatterie'],
    ['CHATTERIE_HOME', 'data', 'home', resolve('data')],
    ['DATABASE_URL', 'postgres://me:pass@db:5432/chat', 'databaseUrl', 'postgres://me:pass@db:5432/chat'],
    [
      'DATABASE_URL',
      'postgresql://db/chat?sslmode=require',
      'databaseUrl',
      'postgresql://db/chat?sslmode=require',
    ],
    ['REDIS_URL', 'redis://cache:6379', 'redisUrl', 'redis://cache:6379'],
    ['REDIS_URL', 'rediss://me:pass@cache:6380/2', 'redisUrl', 'rediss://me:pass@cache:6380/2'],
    ['CHATTERIE_CLIENT_ID', 'my-client', 'clientId', 'my-client'],
    ['CHATTERIE_CLIENT_SECRET', 'eight ch', 'clientSecret', 'eight ch'],
    ['CHATTERIE_API_KEY', uuid, 'apiKey', uuid],
    ['CHATTERIE_ENCRYPTION_KEY', key.toString('base64'), 'encryptionKeys', [key]],
    ['CHATTERIE_ENCRYPTION_KEY', key.toString('hex'), 'encryptionKeys', [key]],
    [
      'CHATTERIE_ENCRYPTION_KEY',
      `${key.toString('base64')}, ${key.toString('hex')}`,
      'encryptionKeys',
      [key, key],
    ],
    ['PUBLIC_URL', 'https://chat.example.com', 'publicUrl', 'https://chat.example.com'],
    ['PUBLIC_URL', 'https://example.com/chat//', 'publicUrl', 'https://example.com/chat'],
    ['FILE_SIZE_MAX', '1000', 'fileSizeMax', 1000],
    ['SLOW_STATEMENT_MS', 'off', 'slowStatementMs', 0],
    ['OTEL_TRACES_SAMPLER_ARG', '.25', 'traceShare', 0.25],
    ['RATE_LIMIT_PER_SECOND', '50', 'rateLimitPerSecond', 50],
    ['RATE_LIMIT_PER_SECOND', 'off', 'rateLimitPerSecond', 0],
    ['LINK_PREVIEWS', 'on', 'linkPreviews', true],
    ['LINK_PREVIEWS', 'off', 'linkPreviews', false],
    ['FUNCTION_INVOCATIONS_DAYS', '30', 'functionInvocationsDays', 30],
    ['FUNCTION_EGRESS', 'open', 'functionEgress', 'open'],
    ['FUNCTION_EGRESS', 'guarded', 'functionEgress', 'guarded'],
    ['WEBHOOK_EGRESS', 'open', 'webhookEgress', 'open'],
    ['WEBHOOK_EGRESS', 'guarded', 'webhookEgress', 'guarded'],
    ['FUNCTION_MEMORY_MB', '512', 'functionMemoryMb', 512],
    ['FUNCTION_PROCESSES', '4', 'functionProcesses', 4],
    ['FUNCTION_TIMEOUT_SECONDS', '60', 'functionTimeoutMs', 60_000],
    ['FUNCTION_BLOCKING_TIMEOUT_SECONDS', '2', 'functionBlockingTimeoutMs', 2_000],
    ['APPLICATION_DELETION', 'on', 'applicationDeletion', true],
    ['APPLICATION_DELETION', '', 'applicationDeletion', false],
    ['CHAT_WIDGETS', '', 'chatWidgets', new Map()],
    [
      'CHAT_WIDGETS',
      'hosted=11111111-1111-4111-8111-111111111111',
      'chatWidgets',
      new Map([['hosted', '11111111-1111-4111-8111-111111111111']]),
    ],
    ['DEMO_PAGE', 'on', 'demoPage', true],
    ['DEMO_PAGE', 'off', 'demoPage', false],
    ['DEMO_PAGE', '', 'demoPage', false],
    ['TEST_API', 'on', 'testApi', true],
    ['TEST_API', '', 'testApi', false],
    ['TEST_API_TOKEN', 'let-me-in', 'testApiToken', 'let-me-in'],
    ['LOG_LEVEL', 'debug', 'logLevel', 'debug'],
  ])('%s=%s', (name, value, setting, expected) => {
    expect(readConfig({ [name]: value })[setting]).toEqual(expected)
  })

  it('give the retention in days, or for ever', () => {
    const { keptDays } = readConfig({})
    expect(keptDays).toEqual({
      notifications: 90,
      sessions: 30,
      jobs: 30,
      idempotencyKeys: 365,
      audit: 365,
    })
    const settings = {
      NOTIFICATIONS_DAYS: '7',
      SESSIONS_DAYS: '',
      JOBS_DAYS: 'off',
      IDEMPOTENCY_KEYS_DAYS: '99999',
      AUDIT_DAYS: '30',
    }
    expect(readConfig(settings).keptDays).toEqual({
      notifications: 7,
      sessions: 30,
      jobs: undefined,
      idempotencyKeys: 99_999,
      audit: 30,
    })
    for (const name of Object.keys(settings)) {
      for (const wrong of ['0', '-1', '1.5', 'never', 'OFF', '100000']) {
        const line = `${name} is wrong: must be a whole number of days from 1 to 99999, or off`
        expect(() => readConfig({ [name]: wrong })).toThrow(line)
      }
    }
  })

  it.each([
    ['127.0.0.1', 'open'],
    ['127.1.2.3', 'open'],
    ['localhost', 'open'],
    ['::1', 'open'],
    ['0.0.0.0', 'guarded'],
    ['::', 'guarded'],
    ['192.168.1.5', 'guarded'],
    ['127.example.com', 'guarded'],
  ])('guard the egress of functions once other machines reach the server: HOST=%s', (HOST, egress) => {
    expect(readConfig({ HOST }).functionEgress).toBe(egress)
    expect(readConfig({ HOST, FUNCTION_EGRESS: 'guarded' }).functionEgress).toBe('guarded')
    expect(readConfig({ HOST, FUNCTION_EGRESS: 'open' }).functionEgress).toBe('open')
    expect(readConfig({ HOST }).webhookEgress).toBe(egress)
    expect(readConfig({ HOST, FUNCTION_EGRESS: 'guarded' }).webhookEgress).toBe('guarded')
    expect(readConfig({ HOST, FUNCTION_EGRESS: 'guarded', WEBHOOK_EGRESS: 'open' })).toMatchObject({
      functionEgress: 'guarded',
      webhookEgress: 'open',
    })
  })

  it.each([
    ['', '127.0.0.1', false],
    ['loopback', '127.0.0.1', true],
    ['loopback', '127.9.9.9', true],
    ['loopback', '::1', true],
    ['loopback', '10.0.0.1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['10.0.0.0/8,192.168.1.7', '10.9.9.9', true],
    ['10.0.0.0/8,192.168.1.7', '192.168.1.7', true],
    ['2001:db8::/32', '2001:db8::1', true],
    ['0.0.0.0/0', '203.0.113.7', true],
  ])('name the trusted proxies: with TRUST_PROXY=%s, %s is trusted: %s', (TRUST_PROXY, address, isOne) => {
    const { trustedProxies } = readConfig({ TRUST_PROXY })
    expect(trustedProxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4')).toBe(isOne)
  })

  it('count as absent where they are blank, as in a compose file', () => {
    const names = [
      'PORT',
      'HOST',
      'CHATTERIE_HOME',
      'DATABASE_URL',
      'CHATTERIE_CLIENT_ID',
      'CHATTERIE_CLIENT_SECRET',
    ]
    names.push(
      'CHATTERIE_API_KEY',
      'CHATTERIE_ENCRYPTION_KEY',
      'PUBLIC_URL',
      'REDIS_URL',
      'LINK_PREVIEWS',
      'DEMO_PAGE',
      'TRUST_PROXY',
      'LOG_LEVEL',
      'S3_BUCKET',
      'S3_ENDPOINT',
    )
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(readConfig({}))
  })

  it('are reported where they are misspelt, each with the nearest known name', () => {
    const environment = { CHATERIE_HOME: 'x', CHATTERIE_APIKEY: 'x', CHATTERIES_HOM: '', CHATTERIE_QUUX: 'x' }
    expect(misspeltSettings(environment)).toEqual([
      'CHATERIE_HOME is not a setting and has no effect: did you mean CHATTERIE_HOME?',
      'CHATTERIE_APIKEY is not a setting and has no effect: did you mean CHATTERIE_API_KEY?',
      'CHATTERIES_HOM is not a setting and has no effect: did you mean CHATTERIE_HOME?',
      expect.stringMatching(/^CHATTERIE_QUUX is not a setting and has no effect/),
    ])
    const others = {
      CHATTERIE_HOME: 'x',
      CHATKITTY_CLIENT_ID: 'x',
      HOME: '/',
      BATTERIES: '1',
      LOG_LEVEL: 'info',
    }
    expect(misspeltSettings(others)).toEqual([])
  })

  it('ignore variables of other programs', () => {
    expect(readConfig({ PATH: '/bin', npm_config_port: 'x' })).toEqual(readConfig({}))
  })

  it('of S3 must be given together', () => {
    const credentials = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' }
    const settings = {
      S3_BUCKET: 'files',
      S3_ENDPOINT: 'http://minio:9000',
      S3_REGION: 'eu-central-1',
      ...credentials,
    }
    expect(readConfig(settings).s3).toEqual({
      bucket: 'files',
      endpoint: 'http://minio:9000',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    })
    expect(readConfig({ S3_BUCKET: 'files' }).s3).toEqual({ bucket: 'files', region: 'us-east-1' })
  })
})

describe('a wrong setting stops the start with one line that names it', () => {
  it.each([
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['DATABASE_URL', 'mysql://root:hunter2hunter2@db/chat'],
    ['DATABASE_URL', 'hunter2hunter2'],
    ['DATABASE_URL', 'postgres://me:hunter2hunter2@db/chat?schema=chat'],
    ['DATABASE_URL', 'postgres://me:100%hunter2hunter2@db/chat'],
    ['REDIS_URL', 'http://:hunter2hunter2@cache'],
    ['REDIS_URL', 'hunter2hunter2'],
    ['REDIS_URL', 'redis://cache/hunter2hunter2'],
    ['REDIS_URL', 'redis://:hunter2hunter2%@cache'],
    ['CHATTERIE_CLIENT_ID', 'with:colon'],
    ['CHATTERIE_CLIENT_ID', 'with space'],
    ['CHATTERIE_CLIENT_SECRET', 'short'],
    ['CHATTERIE_API_KEY', 'hunter2hunter2'],
    ['CHATTERIE_ENCRYPTION_KEY', 'hunter2hunter2'],
    ['PUBLIC_URL', 'chat.example.com'],
    ['PUBLIC_URL', 'ftp://chat.example.com'],
    ['FILE_SIZE_MAX', '25 MB'],
    ['RATE_LIMIT_PER_SECOND', '-1'],
    ['FUNCTION_MEMORY_MB', '1'],
    ['FUNCTION_PROCESSES', '0'],
    ['FUNCTION_TIMEOUT_SECONDS', '0'],
    ['FUNCTION_TIMEOUT_SECONDS', '301'],
    ['FUNCTION_BLOCKING_TIMEOUT_SECONDS', 'long'],
    ['LINK_PREVIEWS', 'sometimes'],
    ['FUNCTION_INVOCATIONS_DAYS', '0'],
    ['FUNCTION_INVOCATIONS_DAYS', 'a week'],
    ['FUNCTION_EGRESS', 'off'],
    ['DEMO_PAGE', 'maybe'],
    ['TEST_API', 'maybe'],
    ['TEST_API_TOKEN', 'hunter2 hunter2'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '*'],
    ['TRUST_PROXY', 'proxy.example.com'],
    ['TRUST_PROXY', '10.0.0.1, 10.0.0.256'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/'],
    ['TRUST_PROXY', '2001:db8::/129'],
    ['LOG_LEVEL', 'loud'],
    ['PORT', ' '],
    ['PORT', '0x50'],
    ['RATE_LIMIT_PER_SECOND', ' '],
    ['SLOW_STATEMENT_MS', ' '],
    ['OTEL_TRACES_SAMPLER_ARG', ' '],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['PUBLIC_URL', 'https://chat.example.com?from=mail'],
    ['PUBLIC_URL', 'https://chat.example.com#top'],
    ['PUBLIC_URL', 'https://me:hunter2hunter2@chat.example.com'],
    ['OIDC_ISSUER', 'https://id.example.com?realm=chat'],
    ['OIDC_ALLOWED', ','],
    ['OIDC_ALLOWED', '*.example.com'],
    ['OIDC_ALLOWED', '*@example.com'],
  ])('%s=%s', (name, value) => {
    const message = messageOf({ [name]: value })
    expect(message).toMatch(new RegExp(`^${name} .+`))
    expect(message).not.toContain('\n')
    expect(message, 'in words of our own').not.toMatch(/expected|received|invalid|too (small|big)/i)
    expect(message, 'it is no place for secrets').not.toContain('hunter2')
  })

  it.each([
    ['FUNCTION_MEMORY_MB', '16385', 'a whole number of megabytes from 32 to 16384'],
    ['FUNCTION_INVOCATIONS_DAYS', '3651', 'a whole number of days from 1 to 3650'],
    ['RATE_LIMIT_PER_SECOND', '1000001', 'a whole number of requests from 0 to 1000000, or off'],
    ['FILE_SIZE_MAX', '25MiB', 'a whole number of bytes, at least 1'],
  ])('which says what is allowed: %s=%s', (name, value, allowed) => {
    expect(messageOf({ [name]: value })).toBe(`${name} is wrong: must be ${allowed}`)
  })

  it.each([
    ['S3_BUCKET', { S3_ENDPOINT: 'http://minio:9000' }],
    ['S3_BUCKET', { S3_SECRET_ACCESS_KEY: 'secret' }],
    ['OIDC_ISSUER', { OIDC_ALLOWED: 'example.com' }],
    ['TEST_API_TOKEN', { TEST_API: 'on', HOST: '0.0.0.0' }],
    ['TEST_API_TOKEN', { TEST_API: 'on', HOST: 'chat.example.com', TEST_API_TOKEN: '' }],
    ['S3_SECRET_ACCESS_KEY', { S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'id' }],
    ['S3_ACCESS_KEY_ID', { S3_BUCKET: 'files', S3_SECRET_ACCESS_KEY: 'secret' }],
  ])('%s is missing beside %j', (name, environment) => {
    expect(messageOf(environment)).toMatch(new RegExp(`^${name} .+$`))
  })
})

function messageOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`${JSON.stringify(environment)} was accepted`)
}
