// What the head of a page says about it: Open Graph (https://ogp.me), and what stands in for it.
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

/** Takes in a page from its beginning, until its head ends. */
export class HeadReader {
  /** Of the `<meta>` elements with a content; of several the first counts. */
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

  /** Whether the rest of the page says nothing more. */
  get isDone(): boolean {
    return this.#state === 'done'
  }

  write(text: string): void {
    if (!this.isDone) this.#parser.write(text)
  }

  /**
   * The preview of the page, or undefined where it has no title or no image: both are mandatory (runtime contract 7.3).
   * @param page where it was found; its own URL may be another
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

/** An absolute http or https URL, or undefined where that is not what is meant. */
function webUrl(text: string | undefined, page: URL): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text, page.href)
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return undefined
  return url.href.length <= urlMax ? url.href : undefined
}

/** One line of well-formed text, without control characters, which Postgres does not keep all. */
function clean(text: string, lengthMax: number): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  if (line.length <= lengthMax) return line
  // Without half of a surrogate pair at its end.
  const cut = line.slice(0, lengthMax - 1).replace(/[\ud800-\udbff]$/, '')
  return `${cut.trimEnd()}…`
}
