// The schemas of openapi.yaml: what operations take and give, as JSON schemas.
import { z } from 'zod'
import type { AnyResource } from '#resources/define.ts'
import { Links } from '#resources/link.ts'
import { CursorPageMetadata, PageMetadata } from '#resources/page.ts'
import type { Operation } from '#routes/operation.ts'

export type Json = Record<string, unknown>

/** Schemas made here, by component name: each is registered once, however often the document is made. */
const named = new Map<string, z.ZodType>()

function component(id: string, make: () => z.ZodType): z.ZodType {
  const known = named.get(id) ?? make().meta({ id })
  named.set(id, known)
  return known
}

export function answerOf({ answer }: Operation): z.ZodType | undefined {
  switch (answer.kind) {
    case 'one':
      return documentOf(answer.resource)
    case 'page':
      return pageOf(`PagedModel${answer.resource.component}`, answer.resource, PageMetadata)
    case 'cursorPage':
      return pageOf(`CursorPagedModel${answer.resource.component}`, answer.resource, CursorPageMetadata)
    default:
      return undefined
  }
}

/** A resource's shape and its links; variants are resources too. */
function documentOf({ component: name, shape, embeds = {} }: AnyResource): z.ZodType {
  return component(name, () => {
    const type = withDocuments(
      shape,
      Object.entries(embeds).map(([path, resource]) => [path.split('.'), resource]),
    )
    if (!(type instanceof z.ZodDiscriminatedUnion)) return withLinks(type as z.ZodObject)
    const variants = type.options.map((option) =>
      component(idOf(option)?.replace(/Properties$/, 'Resource') ?? '', () =>
        withLinks(option as z.ZodObject),
      ),
    )
    return z.discriminatedUnion(type.def.discriminator, variants as [z.ZodObject])
  })
}

function withLinks(type: z.ZodObject): z.ZodObject {
  return type.extend({ _links: Links.optional() })
}

/** The type with documents at these paths, where it has the bare shapes of resources. */
function withDocuments(type: z.ZodType, embeds: [path: string[], resource: AnyResource][]): z.ZodType {
  if (embeds.length === 0) return type
  if (type instanceof z.ZodOptional) return withDocuments(type.unwrap() as z.ZodType, embeds).optional()
  const [here] = embeds.filter(([path]) => path.length === 0)
  if (here) return documentOf(here[1])
  const id = idOf(type)
  const replaced = () => {
    if (type instanceof z.ZodDiscriminatedUnion) {
      const variants = type.options.map((option) => withDocuments(option as z.ZodType, embeds))
      return z.discriminatedUnion(type.def.discriminator, variants as [z.ZodObject])
    }
    const fields = Object.entries((type as z.ZodObject).shape).flatMap(([key, field]) => {
      const within = embeds.filter(([[first]]) => first === key)
      const inside = within.map(([[, ...path], resource]): [string[], AnyResource] => [path, resource])
      return within.length > 0 ? [[key, withDocuments(field as z.ZodType, inside)]] : []
    })
    return (type as z.ZodObject).extend(Object.fromEntries(fields))
  }
  return id === undefined ? replaced() : component(id, replaced)
}

function pageOf(name: string, resource: AnyResource, metadata: z.ZodType): z.ZodType {
  return component(name, () =>
    z.object({
      _embedded: z.object({ [resource.collection]: z.array(documentOf(resource)) }),
      _links: Links,
      page: metadata,
    }),
  )
}

/** A multipart form: a file, and the fields beside it. */
export function formOf(fields: z.ZodObject): z.ZodType {
  return component(idOf(fields) ?? 'FileMultipart', () =>
    z.object({ file: z.string().meta({ format: 'binary' }), ...fields.shape }),
  )
}

/** What is put as it is got has one component for both. */
export function takenAs(body: z.ZodType, operations: Operation[]): z.ZodType {
  const same = operations.find(({ answer }) => answer.kind === 'one' && answer.resource.shape === body)
  return (same && answerOf(same)) ?? body
}

export function idOf(schema: z.core.$ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.id
}

/** JSON schemas of these types and, as components, of the named ones among and inside them. */
export function convert(types: z.ZodType[], io: 'input' | 'output') {
  const list = [...new Set(types)]
  const all = z.object(Object.fromEntries(list.entries()))
  const { properties, $defs } = z.toJSONSchema(all, { io, override, unrepresentable }) as {
    properties: Record<string, Json>
    $defs: Record<string, Json>
  }
  return { of: (type: z.ZodType) => properties[list.indexOf(type)] as Json, components: $defs }
}

/** What is checked by a function of ours says in its metadata what it looks like. */
function unrepresentable({ zodSchema }: { zodSchema: z.core.$ZodTypes }): 'any' | 'throw' {
  return zodSchema._zod.def.type === 'custom' ? 'any' : 'throw'
}

function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  const { def } = zodSchema._zod
  // More fields may come, and unknown ones are ignored.
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  // Zod's own bounds of an integer, and its expression for a time.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  delete jsonSchema.propertyNames
  // Text of a path or a query that stands for something else, by its metadata.
  if (jsonSchema.type !== 'string') {
    delete jsonSchema.pattern
    delete jsonSchema.enum
  }
  if (def.type === 'union' && 'discriminator' in def) {
    jsonSchema.discriminator = discriminatorOf(def.discriminator as string, def.options)
  }
}

function discriminatorOf(propertyName: string, options: readonly z.core.$ZodType[]): Json {
  const mapping = options.flatMap((option) =>
    [...(option._zod.propValues?.[propertyName] ?? [])].map((value) => [value, `#/$defs/${idOf(option)}`]),
  )
  return { propertyName, mapping: Object.fromEntries(mapping) }
}

/** Sorted by name. A component that is both taken and given must look the same in both. */
export function merge(...all: Record<string, Json>[]): Record<string, Json> {
  const merged = new Map<string, Json>()
  for (const [name, schema] of all.flatMap((each) => Object.entries(each))) {
    const known = merged.get(name)
    if (known && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`The component ${name} would be described in two ways`)
    }
    merged.set(name, schema)
  }
  return Object.fromEntries([...merged].sort(([one], [other]) => (one < other ? -1 : 1)))
}
