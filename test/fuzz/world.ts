// What there is to ask for: the newest ids of everything, and who may ask.
import fc from 'fast-check'

/** Ids that are not there, and such that are none. */
const oddIds = ['0', '-1', '1e3', '99999999999999999999', '9223372036854775807', 'me', '%00', '1%2f..', 'NaN']

export class World {
  readonly port: number
  readonly token: string
  readonly apiKey: string
  readonly clientId: string
  readonly clientSecret: string
  /** Of everything, the newest id, by collection. */
  readonly newest: Record<string, number>
  /** Names of users. */
  readonly usernames: string[] = []
  /** What lets users send and read files. */
  readonly grants: string[] = []
  /** Sessions that were begun, for others to come back to. */
  readonly sessions: string[] = []
  /** How far back from the newest ids are taken. */
  readonly reach: number

  constructor(
    given: Pick<World, 'port' | 'token' | 'apiKey' | 'clientId' | 'clientSecret'>,
    newest: Record<string, number> = {},
    reach = 12,
  ) {
    this.newest = newest
    this.reach = reach
    this.port = given.port
    this.token = given.token
    this.apiKey = given.apiKey
    this.clientId = given.clientId
    this.clientSecret = given.clientSecret
  }

  /** One of the newest of a collection: where generated, not where described. */
  id(collection: string): fc.Arbitrary<number> {
    return fc.nat({ max: this.reach }).map((back) => Math.max(1, (this.newest[collection] ?? 1) - back))
  }

  /** As it stands in a path. */
  pathId(collection: string): fc.Arbitrary<string> {
    return fc.oneof(
      { weight: 12, arbitrary: this.id(collection).map(String) },
      { weight: 1, arbitrary: fc.constantFrom(...oddIds) },
    )
  }

  username(): fc.Arbitrary<string> {
    return fc.nat().map((at) => this.usernames[at % this.usernames.length] ?? 'nobody')
  }

  grant(): fc.Arbitrary<string> {
    return fc.nat().map((at) => this.grants[at % this.grants.length] ?? 'r.1.1.1.x')
  }

  session(): fc.Arbitrary<string> {
    return fc.nat().map((at) => this.sessions[at % this.sessions.length] ?? 'none')
  }
}
