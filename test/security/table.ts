// All permissions, repeated by hand: nothing here is computed from the tested code. A route, relay, topic or action
// without a row fails the tests of this folder, and so does a row for none of them.

/** A row by the names of its columns; the last column includes the rest of the line. */
type Row = Record<string, string>

/** Reads a table whose first line has the names of the columns, at their positions. */
export function tableOf(text: string): Row[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const columns = [...head.matchAll(/\S+/g)].map(({ 0: name, index }) => ({ name, index }))
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, index }, at) => [name, line.slice(index, columns[at + 1]?.index).trim()]),
    ),
  )
}

// ------------------------------------------------------------------------------------------ over HTTP

/**
 * The operations of the Platform API, under each of its four path forms. `other` is what the token of another
 * application gets: 404 for ids of this one, or its `own` data if the path has no id. All `scopes` are required.
 */
export const operations = tableOf(`
    method path                                          other scopes
    GET    /application                                  own   read:application
    GET    /application/settings                         own   read:application
    GET    /application/message-read-receipt-summaries   own   read:message
    PUT    /application/settings                         own   update:application
    GET    /application/ui/elements                      own   read:application
    PUT    /application/ui/elements                      own   update:application
    GET    /application/ui/features                      own   read:application
    PUT    /application/ui/features                      own   update:application
    GET    /application/ui/styles                        own   read:application
    PUT    /application/ui/styles                        own   update:application
    GET    /users                                        own   read:user
    POST   /users                                        own   create:user
    HEAD   /users                                        own   read:user
    GET    /users/:id                                    404   read:user
    PATCH  /users/:id                                    404   read:user update:user
    DELETE /users/:id                                    404   read:user delete:user
    GET    /users/:id/display-picture                    404   read:user
    POST   /users/:id/display-picture                    404   read:user update:user
    GET    /users/:id/channels                           404   read:user
    GET    /users/:id/messages                           404   read:user
    GET    /users/:id/notifications                      404   read:user read:notifications
    GET    /users/:id/messages/unread/count              404   read:user read:message
    GET    /users/:id/secrets/:name                      404   read:user_secret
    PUT    /users/:id/secrets/:name                      404   read:user update:user_secret
    DELETE /users/:id/secrets/:name                      404   read:user delete:user_secret
    GET    /channels                                     own   read:channel
    POST   /channels                                     own   create:channel
    GET    /channels/:id                                 404   read:channel
    PATCH  /channels/:id                                 404   read:channel update:channel
    DELETE /channels/:id                                 404   read:channel delete:channel
    GET    /channels/:id/messages                        404   read:channel read:message
    POST   /channels/:id/messages                        404   read:channel read:user create:message
    GET    /channels/:id/reported-messages               404   read:channel read:message
    POST   /channels/:id/events                          404   read:channel create:channel_event
    POST   /channels/:id/keystrokes                      404   read:channel read:user create:keystrokes
    GET    /channels/:id/members                         404   read:channel read:channel_membership
    POST   /channels/:id/members                         404   read:channel read:user create:channel_membership
    GET    /channels/:id/members/:user_id                404   read:channel read:channel_membership
    DELETE /channels/:id/members/:user_id                404   read:channel read:user delete:channel_membership
    GET    /channels/:id/memberships                     404   read:channel read:channel_membership
    GET    /channels/:id/moderators                      404   read:channel read:channel_moderator
    POST   /channels/:id/moderators                      404   read:channel read:user read:channel_membership create:channel_moderator
    DELETE /channels/:id/moderators/:user_id             404   read:channel read:user delete:channel_moderator
    GET    /channels/:id/participants                    404   read:channel read:chat_session
    GET    /channels/:id/invites                         404   read:channel_invite
    POST   /channels/:id/invites                         404   read:channel read:user create:channel_invite
    GET    /messages                                     own   read:message
    DELETE /messages                                     own   read:message delete:message
    GET    /messages/:id                                 404   read:message
    GET    /messages/:id/read-receipts                   404   read:message read:read_receipt
    PATCH  /messages/:id                                 404   read:message update:message
    DELETE /messages/:id                                 404   read:message delete:message
    GET    /threads/:id                                  404   read:thread
    GET    /threads/:id/messages                         404   read:thread read:message
    POST   /threads/:id/messages                         404   read:thread read:user create:message
    POST   /threads/:id/keystrokes                       404   read:thread read:user create:keystrokes
    GET    /user-sessions                                own   read:user_session
    GET    /user-sessions/:id                            404   read:user_session
    GET    /chat-sessions                                own   read:chat_session
    GET    /runtimes/nodejs                              own   read:runtime
    PUT    /runtimes/nodejs/dependencies                 own   read:runtime update:runtime
    PUT    /runtimes/nodejs/environment-variables        own   read:runtime update:runtime
    PUT    /runtimes/nodejs/initialization-script        own   read:runtime update:runtime
    GET    /runtimes/nodejs/functions                    own   read:runtime read:function
    POST   /runtimes/nodejs/functions                    own   read:runtime read:function create:function
    GET    /functions/:id                                404   read:function
    GET    /functions/:id/versions                       404   read:function read:function_version
    POST   /functions/:id/versions                       404   read:function create:function_version
    GET    /functions/:id/current-version                404   read:function read:function_version
    GET    /functions/:id/invocations                    404   read:function read:function_invocation
    GET    /function-versions/:id                        404   read:function_version
    POST   /imports/users                                own   create:user
    POST   /imports/channels                             own   create:channel
    POST   /imports/channels/:id/members                 404   create:channel_membership
    POST   /imports/messages                             own   create:message
    GET    /jobs                                         own   read:job
    GET    /jobs/:id                                     404   read:job
    POST   /analytics/messages                           own   read:message
    POST   /analytics/users                              own   read:user
`)

/** Credentials that no operation accepts as `Authorization: Bearer`, whatever they give access to elsewhere. */
export const strangers = tableOf(`
    who                          status error
    nobody                       401    unauthorized
    madeUpToken                  401    invalid_token
    expiredToken                 401    invalid_token
    tokenOfDeletedApplication    401    invalid_token
    clientSecret                 401    invalid_token
    apiKey                       401    invalid_token
    sessionOfMember              401    invalid_token
    readGrantOfMember            401    invalid_token
    writeGrantOfMember           401    invalid_token
`)

/** All other routes, with their answers without credentials. Routes with a prefix are listed once. */
export const routes = tableOf(`
    nobody method path
    200    GET    /
    200    GET    /v1
    200    GET    /health
    200    GET    /ready
    200    GET    /metrics
    200    GET    /version
    401    POST   /oauth/token
    200    GET    /openapi.yaml
    200    GET    /openapi.json
    200    GET    /openapi-admin.yaml
    200    GET    /openapi-admin.json
    200    GET    /docs
    200    GET    /docs/page.css
    200    GET    /docs/page.js
    200    GET    /docs/scalar.js
    200    GET    /docs/real-time.json
    200    GET    /chat
    200    GET    /chat/page.css
    200    GET    /chat/app.js
    200    GET    /chat/settings
    200    GET    /chat/preview
    200    GET    /chat/preview.js
    200    GET    /console
    200    GET    /console/*
    200    GET    /home/page.css
    200    GET    /home/icon.svg
    200    GET    /home/page.js
    404    GET    /home/demo.js
    200    GET    /picture/:text
    200    GET    /v1/picture/:text
    401    GET    /files/:key
    401    GET    /files/:key/:name
    401    GET    /v1/files/:key
    401    GET    /v1/files/:key/:name
    401    POST   /v1/runtime/users/:id/display-picture
    401    POST   /v1/runtime/channels/:id/messages
    401    POST   /v1/runtime/messages/:id/replies
    401    POST   /v1/runtime/threads/:id/messages
    204    OPTIONS *
`)

/** Uploads of users, by the owner of the write grant. Everything belongs to the author, in a private channel. */
export const uploads = tableOf(`
    path                         author member outsider guest blocked other deleted expired forged reading
    /users/:id/display-picture   200    403    403      403   403     403   403     403     403    403
    /channels/:id/messages       201    201    404      404   404     404   403     403     403    403
    /messages/:id/replies        201    201    404      404   404     404   403     403     403    403
    /threads/:id/messages        201    201    404      404   404     404   403     403     403    403
`)

/** Files, by the request's credentials: a token, or a user's read grant. The message is in a private channel. */
export const downloads = tableOf(`
    file     nobody token otherToken unscopedToken expiredToken author member outsider guest blocked other deleted expired forged writing
    message  401    200   404        403           401          200    200    404      404   404     404   403     403     403    403
    picture  200    200   200        200           200          200    200    200      200   200     200   200     200     200    200
`)

/** The token endpoint, by the given client id and secret. */
export const clients = tableOf(`
    who                    status error
    nobody                 401    invalid_client
    right                  200
    wrongSecret            401    invalid_client
    secretOfOther          401    invalid_client
    deletedApplication     401    invalid_client
    accessToken            401    invalid_client
    unknownScope           400    invalid_scope
    password               400    unsupported_grant_type
`)

// ---------------------------------------------------------------------------------------- in real time

/** Headers of CONNECT, and whether the client is admitted. */
export const connections = tableOf(`
    who                     answer
    member                  yes
    guest                   yes
    noKey                   403
    unknownKey              403
    keyOfDeletedApplication 403
    accessToken             403
    noName                  403
    strangerWithoutGuests   403
`)

/**
 * Channels and their contents. `direct` is a member of a direct channel; `visitor` is an outsider of a public channel,
 * `outsider` of a private one, each with an account and as a guest; `blocked` is blocked in both, and `other` belongs
 * to another application. A refusal is 403 for AccessDeniedError, 404 for ResourceNotFoundError (the caller must not
 * know that it exists), 400 for what the type of channel does not have, off for what is never available.
 */
export const channels = tableOf(`
    moderator author member direct visitor outsider blocked other destination
    yes       yes    yes    yes    yes     404      404     404   /application/channels/{id}.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.context.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.messages.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.messages_count.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.last_received_message.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.last_read_message.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.unread.relay
    yes       yes    yes    yes    yes     404      404     404   /application/channels/{id}.members.relay
    yes       yes    yes    yes    yes     404      404     404   /application/channels/{id}.moderators.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.block_records.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.threads.relay
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.calls.relay

    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.self
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.messages
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.keystrokes
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.typing
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.participants
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.read_receipts
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.reactions
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.events
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.members
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.block_records
    yes       yes    yes    yes    403     404      404     404   /topic/channels/{id}.moderators

    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.message
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.keystrokes
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.read
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.mute
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.trigger_event
    yes       403    403    yes    403     404      404     404   /application/channels/{id}.update
    yes       403    403    yes    403     404      404     404   /application/channels/{id}.delete
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.clear_history
    400       400    400    yes    403     404      404     404   /application/channels/{id}.hide
    yes       yes    yes    yes    403     404      404     404   /application/channels/{id}.create_thread
    yes       403    403    400    403     404      404     404   /application/channels/{id}.block
    off       off    off    off    403     404      404     404   /application/channels/{id}.call
    yes       yes    yes    400    yes     404      404     404   /application/channels/{id}.join
    yes       yes    yes    400    403     404      404     404   /application/channels/{id}.leave
    yes       403    403    400    403     404      404     404   /application/channels/{id}.add_moderator
    yes       403    403    400    403     404      404     404   /application/channels/{id}.delete_moderator
    yes       yes    yes    400    403     404      404     404   /application/channels/{id}.invite
    yes       403    403    400    403     404      404     404   /application/channels/{channelId}.block_records.{id}.delete

    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.channel.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.parent.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.read_receipts.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.replies_count.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.replies.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.reactions.relay
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.report_count.relay
    yes       403    403    403    404     404      404     404   /application/messages/{id}.reports.relay

    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.read
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.unread
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.reply
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.delete_for_me
    yes       yes    403    403    404     404      404     404   /application/messages/{id}.delete
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.react
    403       yes    403    403    404     404      404     404   /application/messages/{id}.edit
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.report
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.remove_report
    yes       yes    yes    yes    404     404      404     404   /application/messages/{id}.remove_reaction
    yes       yes    403    403    404     404      404     404   /application/messages/{id}.update_properties

    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.relay
    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.channel.relay
    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.message.relay
    yes       yes    yes    yes    404     404      404     404   /topic/threads/{id}.self
    yes       yes    yes    yes    404     404      404     404   /topic/threads/{id}.messages
    yes       yes    yes    yes    404     404      404     404   /topic/threads/{id}.keystrokes
    yes       yes    yes    yes    404     404      404     404   /topic/threads/{id}.typing
    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.message
    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.keystrokes
    yes       yes    yes    yes    404     404      404     404   /application/threads/{id}.read
`)

/** A user and their own resources, by caller. `member` is another user, who has not blocked them. */
export const users = tableOf(`
    oneself member guest other destination
    yes     yes    yes   404   /application/users/{id}.relay
    yes     yes    yes   404   /application/users/{id}.channel_member.relay
    400     yes    yes   404   /application/users/{id}.block
    yes     403    403   403   /application/users/{id}.delete
    yes     404    404   404   /application/user.blocked_records/{id}.delete
    yes     403    403   403   /topic/users/{id}.self
    yes     403    403   403   /topic/users/{id}.elements
    yes     403    403   403   /topic/users/{id}.features
    yes     403    403   403   /topic/users/{id}.styles
    yes     403    403   403   /topic/users/{id}.channels
    yes     403    403   403   /topic/users/{id}.messages
    yes     403    403   403   /topic/users/{id}.read_receipts
    yes     403    403   403   /topic/users/{id}.notifications
    yes     403    403   403   /topic/users/{id}.contacts
    yes     403    403   403   /topic/users/{id}.participants
    yes     403    403   403   /topic/users/{id}.users
    yes     403    403   403   /topic/users/{id}.reactions
    yes     403    403   403   /topic/users/{id}.threads
    yes     403    403   403   /topic/users/{id}.calls
`)

/** Destinations without ids concern the caller, and show nothing that the caller may not see elsewhere. */
export const own = tableOf(`
    anybody destination
    yes     /application/user.relay
    yes     /application/users/me.relay
    yes     /application/user.write_file_access_grant.relay
    yes     /application/user.read_file_access_grant.relay
    yes     /application/users/me.write_file_access_grant.relay
    yes     /application/users/me.read_file_access_grant.relay
    yes     /application/user.channels.relay
    yes     /application/user.joinable_channels.relay
    yes     /application/user.unread_channels.relay
    yes     /application/user.channels_count.relay
    yes     /application/user.unread_channels_count.relay
    yes     /application/user.unread_messages_count.relay
    yes     /application/user.messages.relay
    yes     /application/user.contacts.relay
    yes     /application/user.contacts_count.relay
    yes     /application/user.blocked_records.relay
    yes     /application/user.update
    yes     /application/user.update_display_picture
    yes     /application/user.create_channel
`)
