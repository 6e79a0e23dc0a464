/** What the client id of an application's functions adds to its API key. */
export const runtimeSuffix = '-runtime'

/**
 * SQL for the id of the client that belongs to the application `a` itself: the oldest, and never that of its functions.
 * In a restored application, both are equally old.
 */
export const ownClient = `(select c.client_id from credential c where c.application_id = a.id
  order by c.client_id = a.key || '${runtimeSuffix}', c.created_time, c.client_id limit 1)`
