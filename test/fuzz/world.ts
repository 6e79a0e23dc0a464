// What requests refer to: the newest ids of all collections, and credentials.
import fc from 'fast-check'

/** Ids that do not exist, and invalid ones. */
const oddIds = ['0', '-1', '1e3', '99999999999999999999', '9223372036854775807', 'me', '%00', '1%2f..', 'NaN']

export class World {
  readonly port: number
  readonly token: string
  readonly apiKey: string
  readonly clientId: string
  readonly clientSecret: string
  /** The newest id of each collection. */
  readonly newest: Record<string, number>
  /** Usernames. */
  readonly usernames: string[] = []
  /** Grants with which users send and read files. */
  readonly grants: string[] = []
  /** Keys of sessions, which other clients try to resume. */
  readonly sessions: string[] = []
  /** The range below the newest id from which ids are taken. */
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

  /** A recent id of a collection, chosen when a request is generated. */
  id(collection: string): fc.Arbitrary<number> {
    return fc.nat({ max: this.reach }).map((back) => Math.max(1, (this.newest[collection] ?? 1) - back))
  }

  /** The same in a path, sometimes replaced by an invalid id. */
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
