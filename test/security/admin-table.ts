// Who may do what through the admin API, said once more and by hand, as in table.ts: an operation without a row fails
// the tests, and so does a row that describes none.
import { tableOf } from './table.ts'

/** The operations, and the least role that each takes. */
export const adminOperations = tableOf(`
    role      method path
    anybody   POST   /session
    viewer    GET    /session
    viewer    DELETE /session
    owner     GET    /operators
    owner     POST   /operators
    owner     PATCH  /operators/:id
    owner     DELETE /operators/:id
    owner     GET    /keys
    owner     POST   /keys
    owner     DELETE /keys/:id
    viewer    GET    /applications
    owner     POST   /applications
    viewer    GET    /applications/:id
    owner     PATCH  /applications/:id
    owner     DELETE /applications/:id
    owner     POST   /applications/:id/rotate-secret
    owner     GET    /applications/:id/settings
    owner     PATCH  /applications/:id/settings
    owner     GET    /applications/:id/retention/preview
    owner     POST   /applications/:id/retention/run
    viewer    GET    /applications/:id/users
    viewer    GET    /applications/:id/users/:userId
    viewer    GET    /applications/:id/users/:userId/channels
    developer DELETE /applications/:id/users/:userId
    moderator POST   /applications/:id/users/:userId/ban
    moderator DELETE /applications/:id/users/:userId/ban
    viewer    GET    /applications/:id/channels
    viewer    GET    /applications/:id/channels/:channelId
    viewer    GET    /applications/:id/channels/:channelId/members
    developer DELETE /applications/:id/channels/:channelId
    viewer    GET    /applications/:id/messages
    viewer    GET    /applications/:id/messages/:messageId
    viewer    GET    /applications/:id/messages/:messageId/conversation
    moderator DELETE /applications/:id/messages/:messageId
    viewer    GET    /applications/:id/reports
    moderator POST   /applications/:id/reports/:reportId/resolve
    viewer    GET    /applications/:id/sessions
    viewer    GET    /applications/:id/jobs
    viewer    GET    /applications/:id/jobs/:jobId
    developer GET    /applications/:id/functions
    developer POST   /applications/:id/functions
    developer GET    /applications/:id/functions/:functionId
    developer PATCH  /applications/:id/functions/:functionId
    developer GET    /applications/:id/functions/:functionId/draft
    developer PUT    /applications/:id/functions/:functionId/draft
    developer GET    /applications/:id/functions/:functionId/versions
    developer POST   /applications/:id/functions/:functionId/versions
    developer GET    /applications/:id/functions/:functionId/sample-event
    developer POST   /applications/:id/functions/:functionId/try
    developer GET    /applications/:id/functions/:functionId/invocations
    viewer    GET    /applications/:id/statistics
    viewer    GET    /applications/:id/live
    developer GET    /applications/:id/webhooks
    developer POST   /applications/:id/webhooks
    developer GET    /applications/:id/webhooks/:webhookId
    developer PATCH  /applications/:id/webhooks/:webhookId
    developer DELETE /applications/:id/webhooks/:webhookId
    developer POST   /applications/:id/webhooks/:webhookId/rotate-secret
    developer POST   /applications/:id/webhooks/:webhookId/test
    developer POST   /applications/:id/webhooks/:webhookId/replay
    developer GET    /applications/:id/webhooks/:webhookId/deliveries
    developer POST   /applications/:id/webhooks/:webhookId/deliveries/:deliveryId/replay
    owner     GET    /audit
    owner     GET    /audit.csv
`)
