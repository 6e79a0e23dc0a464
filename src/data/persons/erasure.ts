// Deletes or anonymizes a person's data, a few rows at a time.
import { noteActivityOf } from '#data/channels/activity.ts'
import { column, int4, int8, jsonb, nullable, select, text } from '#data/columns.ts'
import { type Querier, reading } from '#data/database.ts'
import { shownFilesExpire } from '#data/files.ts'
import { erasedKey } from '#data/jobs/imports.ts'
import { foundColumn, foundPart, hasRoom, nextAfter, nextAfterFound, pageColumns } from '#data/keyset.ts'
import { isKeptBy } from '#data/removal/kept-messages.ts'
import type { Withdrawn } from '#data/removal/withdrawal.ts'

/** Anonymizes the user row, which other rows refer to, and deletes the person's ban and secrets. */
export async function anonymizeUser(tx: Querier, id: number): Promise<void> {
  for (const statement of anonymizing) await tx.run({ text: statement }, [id])
}

const anonymizing = [
  `update "user" set name = 'erased-' || id, display_name = 'Erased user', is_guest = false, picture_url = null,
     picture_file_id = null, properties = '{}', presence_status = 'UNAVAILABLE' where id = $1`,
  'delete from user_ban where user_id = $1',
  'delete from user_secret where user_id = $1',
]

/** Deletes messages that a person wrote: all, or those with a file. @returns the affected channels and threads */
export function removeMessagesBy(
  tx: Querier,
  userId: number,
  { filesOnly, limit }: { filesOnly: boolean; limit: number },
): Promise<(Withdrawn & { removed: number })[]> {
  return tx.all(removeByStatement, [userId, limit, filesOnly])
}

const removeByStatement = reading(
  'remove-messages-by',
  select({
    channelId: column(int8, 'gone.channel_id'),
    threadId: column(nullable(int8), 'gone.thread_id'),
    removed: column(int4, 'count(*)::int'),
    count: column(int4, `(count(*) filter (where ${isKeptBy('place', 'gone')}))::int`),
  }),
  (columns) => `
    with batch as materialized (
      select id, channel_id from message where user_id = $1 and (not $3::boolean or file is not null)
      order by id limit $2::int
    ), place as materialized (
      select c.* from channel c where c.id in (select channel_id from batch) order by c.id for no key update
    ), gone as (
      delete from message m using place where m.id in (select id from batch) and m.channel_id = place.id
      returning m.id, m.channel_id, m.thread_id, m.created_time, m.file
    ), expired as (${shownFilesExpire('gone')}), active as (${noteActivityOf('gone')})
    select ${columns} from gone join place on place.id = gone.channel_id group by 1, 2`,
)

/** Redacts a page of a person's messages and deletes notifications of them. @returns the last id and the count */
export function redactMessagesBy(
  tx: Querier,
  userId: number,
  after: number,
  limit: number,
): Promise<{ last: number | null; count: number }> {
  return tx.single(redactByStatement, [userId, after, limit])
}

const redactByStatement = reading(
  'redact-messages-by',
  select({ last: column(nullable(int8), 'max(id)'), count: column(int4, 'count(*)::int') }),
  (columns) => `
    with page as materialized (
      select id from message where user_id = $1 and id > $2 order by id limit $3::int
    ), redacted as (
      update message set body = '[erased]', mentions = null, links = null, group_tag = null, properties = '{}'
      where id in (select id from page) and body is not null
    ), forgotten as (
      delete from notification where message_id in (select id from page)
    )
    select ${columns} from page`,
)

/** Other data of a person. Each statement removes or redacts up to $2 rows of the user $1 in the application $3. */
const own = {
  chat_session: `
    delete from chat_session where id = any(array(
      select cs.id from chat_session cs join user_session us on us.id = cs.session_id where us.user_id = $1 limit $2::int))
      and $3::bigint is not null`,
  user_session: `
    delete from user_session where id = any(array(
      select id from user_session where user_id = $1 and state = 'ENDED' limit $2::int)) and $3::bigint is not null`,
  resolved_report: `
    update resolved_report set reason = '[erased]', properties = '{}' where id = any(array(
      select id from resolved_report where application_id = $3 and user_id = $1
        and (reason <> '[erased]' or properties <> '{}') limit $2::int))`,
  function_run: `
    delete from function_run where id = any(array(
      select id from function_run where application_id = $3 and node is null
        and (payload ->> 'userId' = $1::text or payload ->> 'by' = $1::text) limit $2::int))`,
} as const
export type OwnTable = keyof typeof own
export const ownTables = Object.keys(own) as OwnTable[]

/** @returns how many rows were removed or redacted */
export function removeOwn(
  tx: Querier,
  table: OwnTable,
  { userId, applicationId, limit }: { userId: number; applicationId: number; limit: number },
): Promise<number> {
  const statement = own[table]
    .replaceAll('$1::text', () => '($1::bigint)::text')
    .replaceAll('user_id = $1', () => 'user_id = $1::bigint')
  return tx.run({ text: statement }, [userId, limit, applicationId])
}

/** A webhook delivery that may be about a person. */
export interface DeliveryRow {
  id: number
  payload: { userId?: number; by?: number }
  /** The JSON that is sent, once it is composed. */
  body: string | null
  attempts: unknown
}

/** Finds the deliveries on a page that may be about the person: they contain the id of the user, or match a pattern. */
export async function findDeliveriesAbout(
  tx: Querier,
  input: { applicationId: number; userId: number; patterns: string[]; after: number; limit: number },
): Promise<{ rows: DeliveryRow[]; next: number | undefined }> {
  const { applicationId, userId, patterns, after, limit } = input
  const row = await tx.single(findDeliveriesStatement, [applicationId, userId, patterns, after, limit])
  return { rows: row.rows, next: nextAfterFound(row, limit) }
}

const findDeliveriesStatement = reading(
  'find-deliveries-about',
  select({
    ...pageColumns,
    found: foundColumn,
    rows: column(
      jsonb<DeliveryRow[]>(),
      `(select coalesce(json_agg(json_build_object('id', p.id, 'payload', p.payload, 'body', p.body, 'attempts', p.attempts) order by p.id), '[]')
        from found p where ${hasRoom})`,
    ),
  }),
  (columns) => `
    with page as materialized (
      select d.id, d.payload, d.body, d.attempts from webhook_delivery d
      where d.webhook_id = any(array(select w.id from webhook w where w.application_id = $1)) and d.id > $4
      order by d.id limit $5::int
    ), ${foundPart(
      ['payload', 'body', 'attempts'],
      `select * from page p where p.payload ->> 'userId' = ($2::bigint)::text or p.payload ->> 'by' = ($2::bigint)::text
        or p.payload::text ~ ('"id": ' || $2::bigint || '[,}]') or p.body ~ ('"id":' || $2::bigint || '[,}]')
        or p.payload::text ilike any($3::text[]) or p.body ilike any($3::text[]) or p.attempts::text ilike any($3::text[])`,
    )}
    select ${columns}`,
)

/**
 * Forgets webhook deliveries: ended ones are deleted, pending ones composed anew when they are sent.
 * @param deep whether a deleted message in the payload is removed, too
 * @returns how many
 */
export function forgetDeliveries(tx: Querier, ids: number[], deep: boolean): Promise<number> {
  return tx.single(forgetDeliveriesStatement, [ids, deep])
}

const forgetDeliveriesStatement = reading(
  'forget-deliveries',
  column(int4, '((select count(*) from gone) + (select count(*) from anew))::int'),
  (columns) => `
    with about as materialized (
      select id, state from webhook_delivery where id = any($1::bigint[])
    ), gone as (
      delete from webhook_delivery where id in (select id from about where state <> 'PENDING') returning 1
    ), anew as (
      update webhook_delivery set body = null,
        payload = case when $2::boolean then payload - 'message' else payload end
      where id in (select id from about where state = 'PENDING') returning 1
    )
    select ${columns}`,
)

/** Returns whether an application has events that are yet to be published. */
export async function hasEvents(db: Querier, applicationId: number): Promise<boolean> {
  return (
    (await db.run({ text: 'select from outbox_event where application_id = $1 limit 1' }, [applicationId])) >
    0
  )
}

/** An import key, whose kind is the type of the job. */
export interface ImportKey {
  kind: string
  key: string
}

/** Finds the import keys that match a pattern, on a page after a key, or on the first. */
export async function findImportKeys(
  tx: Querier,
  input: { applicationId: number; patterns: string[]; after: ImportKey | undefined; limit: number },
): Promise<{ rows: ImportKey[]; next: ImportKey | undefined }> {
  const { applicationId, patterns, after, limit } = input
  const values = [applicationId, patterns, after?.kind ?? null, after?.key ?? '', limit]
  const page = await tx.single(findKeysStatement, values)
  return { rows: page.rows, next: nextAfter(page, limit) }
}

const findKeysStatement = reading(
  'find-import-keys',
  select({
    last: column(
      jsonb<ImportKey | undefined>(),
      '(select to_json(p) from page p order by kind desc, key desc limit 1)',
    ),
    size: pageColumns.size,
    rows: column(
      jsonb<ImportKey[]>(),
      `(select coalesce(json_agg(p), '[]') from page p where p.key ilike any($2::text[]))`,
    ),
  }),
  (columns) => `
    with page as materialized (
      select kind, key from idempotency_key
      where application_id = $1 and (kind, key) > (coalesce($3::job_type, enum_first(null::job_type)), $4::text)
      order by kind, key limit $5::int
    )
    select ${columns}`,
)

/** Replaces import keys by their hashes, so that the items are not imported again. @returns how many */
export function hashImportKeys(tx: Querier, applicationId: number, keys: ImportKey[]): Promise<number> {
  const [kinds, given] = [keys.map(({ kind }) => kind), keys.map(({ key }) => key)]
  return tx.run(hashKeysStatement, [applicationId, kinds, given, given.map(erasedKey)])
}

const hashKeysStatement = {
  name: 'hash-import-keys',
  text: `
    update idempotency_key k set key = named.erased
    from unnest($2::job_type[], $3::text[], $4::text[]) named (kind, key, erased)
    where k.application_id = $1 and k.kind = named.kind and k.key = named.key`,
}

/** Expires the files of all earlier exports, because they contain the person, too. @returns how many */
export function expireExports(tx: Querier, applicationId: number, exceptJob: number): Promise<number> {
  return tx.run(
    {
      text: `
        with over as (
          update job set file_id = null where application_id = $1 and id <> $2 and file_id is not null returning id
        ), files as (
          update file set expires_time = chatterie_clock() where id = any(array(
            select file_id from job where application_id = $1 and id <> $2 and file_id is not null))
        )
        select 1 from over`,
    },
    [applicationId, exceptJob],
  )
}

/** Adds to the numbers of erased rows in the job's report, by table. */
export async function addErased(tx: Querier, jobId: number, table: string, count: number): Promise<void> {
  if (count > 0) await tx.run(addStatement, [jobId, table, count])
}

const addStatement = {
  name: 'add-erased',
  text: `
    update job set input = jsonb_set(input, '{rows}', coalesce(input -> 'rows', '{}') || jsonb_build_object(
      $2::text, coalesce((input -> 'rows' ->> $2::text)::int, 0) + $3::int)) where id = $1`,
}

export function findErased(
  db: Querier,
  jobId: number,
): Promise<{ rows: Record<string, number>; startedTime: string }> {
  return db.single(erasedStatement, [jobId])
}

const erasedStatement = reading(
  'find-erased',
  select({
    rows: column(jsonb<Record<string, number>>(), `coalesce(j.input -> 'rows', '{}')`),
    startedTime: column(jsonb<string>(), 'to_jsonb(j.created_time)'),
  }),
  (columns) => `select ${columns} from job j where j.id = $1`,
)

/** Returns how many rows of the customer's own code name the person, by table. They are not erased. */
export async function findLeft(
  db: Querier,
  applicationId: number,
  patterns: string[],
): Promise<Record<string, number>> {
  const rows = await db.all(leftStatement, [applicationId, patterns])
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]))
}

const leftStatement = reading(
  'find-left-of-person',
  select({ name: column(text, 'l.name'), count: column(int4, 'count(*)::int') }),
  (columns) => `
    select ${columns} from (
      select 'application' as name, a.ui::text as said from application a where a.id = $1
      union all
      select 'function', f.name || ' ' || coalesce(f.draft, '') from "function" f where f.application_id = $1
      union all
      select 'function_version', v.handler_script from function_version v join "function" f on f.id = v.function_id
      where f.application_id = $1
      union all
      select 'runtime', coalesce(r.initialization_script, '') || ' ' || r.dependencies::text from runtime r
      where r.application_id = $1
      union all
      select 'webhook', w.url from webhook w where w.application_id = $1
    ) l where l.said ilike any($2::text[]) group by l.name order by l.name`,
)

/** Removes the name and the search terms from a job. */
export async function forgetTerms(tx: Querier, jobId: number): Promise<void> {
  await tx.run({ text: `update job set input = input - 'terms' - 'name' where id = $1` }, [jobId])
}
