// The second argument of a handler: the official Platform SDK, set up for the application.
import { env } from 'node:process'
import type * as Sdk from 'chatkitty-platform-sdk'
import { formOptions } from './forms.ts'

interface Access {
  apiOrigin: string
  /** Bearer token of the application. */
  token: string
  /** Trace context of the run, if it is traced; its requests to the API join that trace. */
  traceparent: string | undefined
  loadSdk(): typeof Sdk
}

/** Handlers of the first version get one API per resource, those of the second the whole SDK [runtime contract 9]. */
export function createContext({ apiOrigin, token, traceparent, loadSdk }: Access) {
  const options = optionsOf(traceparent)
  const configuration = () =>
    new (loadSdk().Configuration)({ basePath: apiOrigin, accessToken: token, ...options })
  let chatKitty: Sdk.ChatKitty | undefined
  return {
    /** To be passed to other services in the header of this name [W3C Trace Context]. */
    traceparent,
    get ChatKitty() {
      chatKitty ??= createChatKitty(loadSdk(), { apiOrigin, token, options })
      return chatKitty
    },
    getApplicationApi: () => withLegacyNames(new (loadSdk().ApplicationApi)(configuration())),
    getChannelApi: () => withLegacyNames(new (loadSdk().ChannelsApi)(configuration())),
    getChatSessionApi: () => withLegacyNames(new (loadSdk().ChatSessionsApi)(configuration())),
    getFunctionApi: () => withLegacyNames(new (loadSdk().FunctionsApi)(configuration())),
    getFunctionVersionApi: () => withLegacyNames(new (loadSdk().FunctionVersionsApi)(configuration())),
    getImportApi: () => withLegacyNames(new (loadSdk().ImportsApi)(configuration())),
    getJobApi: () => withLegacyNames(new (loadSdk().JobsApi)(configuration())),
    getMessageApi: () => withLegacyNames(new (loadSdk().MessagesApi)(configuration())),
    getRuntimeApi: () => withLegacyNames(new (loadSdk().RuntimeApi)(configuration())),
    getThreadApi: () => withLegacyNames(new (loadSdk().ThreadsApi)(configuration())),
    getUserApi: () => withLegacyNames(new (loadSdk().UsersApi)(configuration())),
    getUserSessionApi: () => withLegacyNames(new (loadSdk().UserSessionsApi)(configuration())),
  }
}

type Options = ReturnType<typeof optionsOf>

function optionsOf(traceparent: string | undefined) {
  if (traceparent === undefined) return formOptions
  return { ...formOptions, baseOptions: { ...formOptions.baseOptions, headers: { traceparent } } }
}

function createChatKitty(
  sdk: typeof Sdk,
  { apiOrigin, token, options }: { apiOrigin: string; token: string; options: Options },
): Sdk.ChatKitty {
  const chatKitty = new sdk.ChatKitty({
    clientId: env.CHATKITTY_CLIENT_ID ?? '',
    clientSecret: env.CHATKITTY_CLIENT_SECRET ?? '',
    basePath: apiOrigin,
    authorizationBasePath: `${apiOrigin}/oauth/token`,
  })
  // All its APIs share this configuration; without the token, each invocation would first request one.
  const { apiConfiguration } = chatKitty as unknown as { apiConfiguration: Sdk.Configuration }
  Object.assign(apiConfiguration, options, { accessToken: token })
  return chatKitty
}

/** The first version's names for today's verbs. Known examples are `getUserExists` and `createChannelMember`. */
const legacyVerbs: Record<string, string> = {
  check: 'get',
  retrieve: 'get',
  list: 'get',
  add: 'create',
  send: 'create',
  remove: 'delete',
}

/** Adds the first version's names to an API, and today's names, which lack `Authenticated`. */
function withLegacyNames<Api extends object>(api: Api): Api {
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(api))) {
    const [, verb = '', rest = ''] = /^([a-z]+)(.*)$/.exec(name) ?? []
    const object = rest.replace(/^Authenticated/, '')
    for (const alias of [`${verb}${object}`, `${legacyVerbs[verb] ?? verb}${object}`]) {
      if (!(alias in api)) Object.defineProperty(api, alias, { value: Reflect.get(api, name) })
    }
  }
  return api
}
