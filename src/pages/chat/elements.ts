// Templates by which an application or a page replaces parts of the chat. Placeholders are filled with text of users,
// which never becomes markup.

/** The parts that a template can replace. */
export type ElementName = 'channel' | 'header' | 'message'

/** As in the types of loadChatUi (runtime contract 7.4). */
export type Elements = Record<string, ElementTemplate | undefined>

interface ElementTemplate {
  /** HTML with placeholders such as `{{user.displayName}}`. */
  template: string
  /** By name, CSS classes and the path that must be true for each; `{{bubble}}` prints the active ones of `bubble`. */
  classMaps?: Record<string, Record<string, string>>
}

type Data = Record<string, unknown>

const places = /\{\{\s*([\w.-]+)\s*\}\}/g
/** Attributes with URLs, which may refer to pages and files, but never to scripts. */
const addresses = new Set(['href', 'src', 'action', 'formaction', 'xlink:href', 'poster'])
const isAddress = (value: string) => /^(https?:|blob:|mailto:|[^:]*$)/i.test(value.trim())
const forbidden = 'script, style, iframe, object, embed, base, meta, link, form'

export class ElementViews {
  #elements: Elements = {}
  /** The rendered elements, with the data of each; the same data returns the same nodes. */
  readonly #drawn = new Map<string, { of: string; node: HTMLElement }>()

  set(elements: Elements): void {
    this.#elements = elements
    this.#drawn.clear()
  }

  /** Renders a part from its template; undefined if it has none. */
  view(name: ElementName, id: number, data: Data): HTMLElement | undefined {
    const element = this.#elements[name]
    if (!element) return undefined
    const key = `${name} ${id}`
    const of = JSON.stringify(data)
    const before = this.#drawn.get(key)
    if (before?.of === of) return before.node
    const node = fill(element, data)
    node.dataset.element = name
    this.#drawn.set(key, { of, node })
    return node
  }
}

function fill({ template, classMaps = {} }: ElementTemplate, data: Data): HTMLElement {
  const inert = new DOMParser().parseFromString(template, 'text/html').body
  for (const each of inert.querySelectorAll(forbidden)) each.remove()
  const print = (text: string) =>
    text.replace(places, (_, path: string) =>
      Object.hasOwn(classMaps, path) ? classesOf(classMaps[path] ?? {}, data) : textOf(valueAt(data, path)),
    )
  const walker = document.createTreeWalker(inert, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const { currentNode: node } = walker
    if (node instanceof Element) fillAttributes(node, print)
    else node.textContent = print(node.textContent ?? '')
  }
  const root = document.createElement('span')
  root.append(...inert.childNodes) // its content is not loaded before this
  return root
}

function fillAttributes(element: Element, print: (text: string) => string): void {
  for (const { name, value } of [...element.attributes]) {
    const printed = print(value)
    const isHarmful = name.startsWith('on') || name === 'srcdoc' || name === 'style'
    if (isHarmful || (addresses.has(name) && !isAddress(printed))) element.removeAttribute(name)
    else element.setAttribute(name, printed)
  }
}

function classesOf(classMap: Record<string, string>, data: Data): string {
  return Object.keys(classMap)
    .filter((name) => Boolean(valueAt(data, classMap[name] ?? '')))
    .join(' ')
}

function valueAt(data: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Data)[key]
          : undefined,
      data,
    )
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
