// Presents entities as HAL documents, with their spelling and links. Refers to no particular resource.
import type { AnyResource } from '#resources/define.ts'
import type { CursorPage, Page } from '#resources/page.ts'
import { compileWriter, type Spelling, snake, type Writer } from '#wire/casing.ts'
import { type CursorHrefs, cursorLinks, type PageHrefs, pageLinks } from '#wire/paging.ts'

/** How a request wants its documents presented. */
export interface View {
  spelling: Spelling
  /** The origin of the request, such as `https://chat.example.com`. */
  origin: string
  /** Prefix of the links of resources, such as `https://chat.example.com/v1/applications/1`. */
  base: string
}

/** Returns the view for documents outside a request, such as a function's: links use the documented path form. */
export function ownView(origin: string, applicationId: number): View {
  return { spelling: 'camel', origin, base: `${origin}/v1/applications/${applicationId}` }
}

interface Href {
  href: string
  templated?: true
}
type LinkWriter = (entity: unknown, base: string) => Record<string, Href>
interface Presenter {
  camel: Writer
  snake: Writer
  links: LinkWriter
  embeds: EmbedLinker[]
}
/** Adds the links of a resource nested in a document. */
type EmbedLinker = (entity: unknown, document: unknown, view: View) => void

const presenters = new WeakMap<AnyResource, Presenter>()

/** Returns a URL of a document; paths that start with `/` are served by us. */
export function absolute(url: string, origin: string): string {
  return url.startsWith('/') ? origin + url : url
}

/** Returns the document of one entity. */
export function present<E>(resource: AnyResource<E>, entity: E, view: View): Record<string, unknown> {
  const presenter = presenterOf(resource)
  const document = presenter[view.spelling](entity, (url) => absolute(url, view.origin))
  document._links = presenter.links(entity, view.base)
  for (const link of presenter.embeds) link(entity, document, view)
  return document
}

/** Returns the document of a page by number. */
export function presentPage<E>(resource: AnyResource<E>, page: Page<E>, view: View, hrefs: PageHrefs) {
  const totalPages = Math.ceil(page.total / page.size)
  return {
    _embedded: { [resource.collection]: page.items.map((item) => present(resource, item, view)) },
    _links: pageLinks(page, totalPages, hrefs),
    page:
      view.spelling === 'snake'
        ? { size: page.size, total_elements: page.total, total_pages: totalPages, number: page.number }
        : { size: page.size, totalElements: page.total, totalPages, number: page.number },
  }
}

/** Returns the document of a page by cursor. Cursors are strings, as the current SDK types them (contract h14). */
export function presentCursorPage<E>(
  resource: AnyResource<E>,
  page: CursorPage<E>,
  view: View,
  hrefs: CursorHrefs,
) {
  return {
    _embedded: { [resource.collection]: page.items.map((item) => present(resource, item, view)) },
    _links: cursorLinks(page, hrefs),
    page: {
      size: page.size,
      total: page.total,
      start: page.start?.toString(),
      next: page.next?.toString(),
    },
  }
}

function presenterOf(resource: AnyResource): Presenter {
  const known = presenters.get(resource)
  if (known) return known
  const presenter = {
    camel: compileWriter(resource.shape, 'camel'),
    snake: compileWriter(resource.shape, 'snake'),
    links: compileLinks(resource.links),
    embeds: Object.entries(resource.embeds ?? {}).map(([path, embedded]) => compileEmbed(path, embedded)),
  }
  presenters.set(resource, presenter)
  return presenter
}

function compileEmbed(path: string, resource: AnyResource): EmbedLinker {
  const camel = path.split('.')
  const keys = { camel, snake: camel.map(snake) }
  const { links } = presenterOf(resource)
  const follow = (from: unknown, steps: string[]) =>
    steps.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], from)
  return (entity, document, view) => {
    const within = follow(entity, camel)
    if (within === undefined) return
    const written = follow(document, keys[view.spelling]) as Record<string, unknown>
    written._links = links(within, view.base)
  }
}

/** Links have the same name in both spellings; links that do not apply are omitted. */
function compileLinks(links: AnyResource['links']): LinkWriter {
  const entries = Object.entries(links)
  return (entity, base) => {
    const written: Record<string, Href> = {}
    for (const [name, link] of entries) {
      const path = link(entity)
      if (path === null) continue
      written[name] = path.includes('{') ? { href: base + path, templated: true } : { href: base + path }
    }
    return written
  }
}
