// The schemas of openapi.yaml: inputs and answers of operations as JSON schemas.
import { z } from 'zod'
import type { AnyResource } from '#resources/define.ts'
import { Links } from '#resources/link.ts'
import { CursorPageMetadata, PageMetadata } from '#resources/page.ts'
import type { Operation } from '#routes/operation.ts'

export type Json = Record<string, unknown>

/** Schemas created here, by component name. Each is registered once, however often the document is built. */
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

/** Returns a resource's shape with its links; each variant is a resource too. */
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

/** Returns the type with the bare shapes at these paths replaced by documents. */
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

/** Returns the schema of a multipart form with a file and other fields. */
export function formOf(fields: z.ZodObject): z.ZodType {
  return component(idOf(fields) ?? 'FileMultipart', () =>
    z.object({ file: z.string().meta({ format: 'binary' }), ...fields.shape }),
  )
}

/** Returns the schema of a body; one that equals an answer shares its component. */
export function schemaOfBody(body: z.ZodType, operations: Operation[]): z.ZodType {
  const same = operations.find(({ answer }) => answer.kind === 'one' && answer.resource.shape === body)
  return (same && answerOf(same)) ?? body
}

export function idOf(schema: z.core.$ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.id
}

/** Converts types to JSON schemas, and the named types among and inside them to components. */
export function convert(types: z.ZodType[], io: 'input' | 'output') {
  const list = [...new Set(types)]
  const all = z.object(Object.fromEntries(list.entries()))
  const { properties, $defs } = z.toJSONSchema(all, { io, override, unrepresentable }) as {
    properties: Record<string, Json>
    $defs: Record<string, Json>
  }
  return { of: (type: z.ZodType) => properties[list.indexOf(type)] as Json, components: $defs }
}

/** Types with a custom check describe themselves in their metadata. */
function unrepresentable({ zodSchema }: { zodSchema: z.core.$ZodTypes }): 'any' | 'throw' {
  return zodSchema._zod.def.type === 'custom' ? 'any' : 'throw'
}

function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  const { def } = zodSchema._zod
  // Fields may be added later, and unknown ones are ignored.
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  // Remove Zod's own bounds of integers and its pattern for times.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  delete jsonSchema.propertyNames
  // Text in a path or query that represents another type, according to its metadata.
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

/** Merges components, sorted by name. @throws Error if inputs and answers define one component differently */
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
