// Items that were read from another service, and may name a person.
import { column, jsonb, select } from '#data/columns.ts'
import { type Querier, reading } from '#data/database.ts'
import { foundColumn, foundPart, hasRoom, nextAfter, pageColumns } from '#data/keyset.ts'

/** Identifies an item of an application. */
export interface ItemKey {
  source: string
  kind: string
  key: string
}

export interface MovedRow extends ItemKey {
  parentKey: string | null
  /** Null once it is written. */
  content: Record<string, unknown> | null
}

/**
 * Returns the items that are the person themself: the user was made from them, or will be found by the name when they
 * are written. Usually one for each source.
 */
export function findItemsOfPerson(
  db: Querier,
  applicationId: number,
  { userId, name }: { userId: number; name: string | undefined },
): Promise<ItemKey[]> {
  return db.all(ofPersonStatement, [applicationId, userId, name ?? null])
}

const ofPersonStatement = reading(
  'find-moved-items-of-person',
  column(jsonb<ItemKey>(), `json_build_object('source', i.source, 'kind', i.kind, 'key', i.key)`),
  (columns) => `
    select ${columns} from moved_item i where i.application_id = $1 and i.kind = 'user'
      and (i.id = $2::bigint or i.id is null and i.content ->> 'name' = $3::text)
    order by i.source, i.key`,
)

/** Finds the items on a page that match a LIKE pattern, as many as there is room for. */
export async function findNamingItems(
  db: Querier,
  input: {
    applicationId: number
    patterns: string[]
    after: ItemKey | undefined
    limit: number
  },
): Promise<{ rows: MovedRow[]; next: ItemKey | undefined }> {
  const { applicationId, patterns, after, limit } = input
  const from = [after?.source ?? '', after?.kind ?? '', after?.key ?? '']
  const page = await db.single(namingStatement, [applicationId, patterns, ...from, limit])
  const isCut = page.rows.length < page.found
  return { rows: page.rows, next: isCut ? page.rows.at(-1) : nextAfter(page, limit) }
}

const matching = `
  select * from page p where p.kind <> 'state' and (
    p.key ilike any($2::text[]) or p."parentKey" ilike any($2::text[]) or p.content::text ilike any($2::text[]))`

const namingStatement = reading(
  'find-naming-moved-items',
  select({
    last: column(
      jsonb<ItemKey | undefined>(),
      `(select json_build_object('source', source, 'kind', kind, 'key', key) from page
        order by id desc limit 1)`,
    ),
    size: pageColumns.size,
    found: foundColumn,
    rows: column(
      jsonb<MovedRow[]>(),
      `(select coalesce(json_agg(
          json_build_object('source', source, 'kind', kind, 'key', key, 'parentKey', "parentKey", 'content', content)
          order by id), '[]') from found where ${hasRoom})`,
    ),
  }),
  (columns) => `
    with page as materialized (
      select source, kind, key, parent_key as "parentKey", content,
             row_number() over (order by source, kind, key) as id
      from moved_item
      where application_id = $1 and (source, kind, key) > ($3::text, $4::text, $5::text)
      order by source, kind, key limit $6::int
    ), ${foundPart(['content'], matching)}
    select ${columns}`,
)

/** Gives an item another key, parent, content unless it is written meanwhile, and id unless it has one. @returns 0 or 1 */
export function rewriteItem(
  db: Querier,
  applicationId: number,
  { source, kind, key }: ItemKey,
  as: Pick<MovedRow, 'key' | 'parentKey' | 'content'> & { id?: number },
): Promise<number> {
  const content = as.content === null ? null : JSON.stringify(as.content)
  return db.run(rewriteStatement, [
    applicationId,
    source,
    kind,
    key,
    as.key,
    as.parentKey,
    content,
    as.id ?? null,
  ])
}

const rewriteStatement = {
  name: 'rewrite-moved-item',
  text: `
    update moved_item set key = $5, parent_key = $6,
      content = case when content is not null then $7::jsonb end, id = coalesce(id, $8::bigint)
    where application_id = $1 and source = $2 and kind = $3 and key = $4
      and (key, parent_key, content) is distinct from ($5::text, $6::text, $7::jsonb)`,
}
