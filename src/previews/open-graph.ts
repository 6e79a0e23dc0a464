// Reads a page's metadata from its head: Open Graph (https://ogp.me), and fallbacks for it.
import { Parser } from 'htmlparser2'

export interface LinkPreview {
  url: string
  title: string
  image: { source: string }
  description?: string
  siteName?: string
}

const urlMax = 2048
const textMax = { title: 300, siteName: 100, description: 1000 }

/** Parses a page from its beginning to the end of its head. */
export class HeadReader {
  /** The `<meta>` elements with content; the first of each name counts. */
  readonly #metas = new Map<string, string>()
  #title: string | undefined
  #state: 'head' | 'title' | 'done' = 'head'
  readonly #parser = new Parser({
    onopentag: (name, attributes) => this.#open(name, attributes),
    ontext: (text) => {
      if (this.#state === 'title') this.#title += text
    },
    onclosetag: (name) => {
      if (name === 'head') this.#state = 'done'
      if (name === 'title' && this.#state === 'title') this.#state = 'head'
    },
  })

  /** Whether the rest of the page is irrelevant. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  write(text: string): void {
    if (!this.isDone) this.#parser.write(text)
  }

  /**
   * Returns the preview; undefined without a title or an image, both of which are mandatory (runtime contract 7.3).
   * @param page URL that was fetched; the page may declare a different one
   */
  preview(page: URL): LinkPreview | undefined {
    const first = (...names: string[]) => names.map((name) => this.#metas.get(name)).find(Boolean)
    const title = clean(first('og:title', 'twitter:title') ?? this.#title ?? '', textMax.title)
    const image = webUrl(first('og:image', 'og:image:url', 'og:image:secure_url', 'twitter:image'), page)
    if (!title || !image) return undefined
    const description = clean(first('og:description') ?? '', textMax.description)
    const siteName = clean(first('og:site_name') ?? '', textMax.siteName)
    return {
      url: webUrl(first('og:url'), page) ?? page.href,
      title,
      image: { source: image },
      ...(description && { description }),
      ...(siteName && { siteName }),
    }
  }

  #open(name: string, attributes: Record<string, string>): void {
    if (this.#state === 'done') return
    if (name === 'body') this.#state = 'done'
    if (name === 'title' && this.#title === undefined) {
      this.#state = 'title'
      this.#title = ''
    }
    const key = (attributes.property ?? attributes.name)?.trim().toLowerCase()
    const content = attributes.content?.trim()
    if (name === 'meta' && key && content && !this.#metas.has(key)) this.#metas.set(key, content)
  }
}

/** Returns an absolute http or https URL; undefined for anything else. */
function webUrl(text: string | undefined, page: URL): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text, page.href)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return undefined
  return url.href.length <= urlMax ? url.href : undefined
}

/** Returns one line of well-formed text without control characters, some of which Postgres cannot store. */
function clean(text: string, lengthMax: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  if (line.length <= lengthMax) return line
  // Removes half a surrogate pair at the end.
  const cut = line.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')
  return `${cut.trimEnd()}…`
}
