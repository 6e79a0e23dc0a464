// The styles that an application can override, by their names in the types of loadChatUi.

/** A group of overrides, or a value. */
export interface Overrides {
  [name: string]: Overrides | string | undefined
}

/** The selector and property of each; overrides of things that this chat does not have are ignored. */
const places: Record<string, [selector: string, property: string]> = {
  'general.text.color': [':root', '--ink'],
  'general.button.color': ['.composer button', 'color'],
  'general.button.background-color': ['.composer button', 'background-color'],
  'general.button.clear.color': ['.quiet', 'color'],
  'general.input.background-color': ['.composer, .search', 'background-color'],
  'general.input.placeholder.color': ['input::placeholder', 'color'],
  'general.input.caret.color': ['input', 'caret-color'],
  'general.border.style': ['.channels, .conversation > header', 'border'],
  'container.border.style': ['.chat', 'border'],
  'container.border.radius': ['.chat', 'border-radius'],
  'container.box-shadow': ['.chat', 'box-shadow'],
  'header.background-color': ['.conversation > header', 'background-color'],
  'header.channel.name.color': ['.heading > .title', 'color'],
  'header.channel.description.color': ['.heading > .line', 'color'],
  'footer.background-color': ['.composer', 'background-color'],
  'footer.input.border.style': ['.composer', 'border'],
  'footer.input.border.selected': ['.composer:focus-within', 'border'],
  'footer.reply.background-color': ['.replying', 'background-color'],
  'content.background-color': ['.conversation', 'background-color'],
  'side-menu.background-color': ['.channels', 'background-color'],
  'side-menu.hover.background-color': ['.channel:hover', 'background-color'],
  'side-menu.active.background-color': ['.channel[aria-current="true"]', 'background-color'],
  'side-menu.active.color': ['.channel[aria-current="true"]', 'color'],
  'side-menu.search.border.color': ['.search', 'border-color'],
  'dropdown.background-color': ['.joinable', 'background-color'],
  'dropdown.hover.background-color': ['.joinable button:hover', 'background-color'],
  'message.inbound.background-color': ['[data-from="other"] > .bubble', 'background-color'],
  'message.outbound.background-color': ['[data-from="me"] > .bubble', 'background-color'],
  'message.text.color': ['.bubble > p', 'color'],
  'message.user.display-name.color': ['.author', 'color'],
  'message.timestamp.color': ['.meta', 'color'],
  'message.system.background-color': ['[data-from="system"] > .bubble', 'background-color'],
  'message.system.color': ['[data-from="system"] > .bubble', 'color'],
  'message.reply.background-color': ['.bubble > blockquote', 'background-color'],
  'message.reply.color': ['.bubble > blockquote', 'color'],
  'message.tag.color': ['.bubble strong', 'color'],
  'message.image.background-color': ['.picture', 'background-color'],
}

/** Fills a stylesheet with overrides; each is set as a property value, so it cannot add other rules. */
export function override(sheet: CSSStyleSheet, overrides: Overrides = {}): void {
  sheet.replaceSync('')
  for (const [name, value] of flat(overrides)) {
    const [selector, property] = places[name] ?? []
    if (selector === undefined || property === undefined) continue
    const rule = sheet.cssRules[sheet.insertRule(`${selector} {}`, sheet.cssRules.length)]
    if (rule instanceof CSSStyleRule) rule.style.setProperty(property, value)
  }
}

function flat(overrides: Overrides, within = ''): [name: string, value: string][] {
  return Object.entries(overrides).flatMap(([key, value]): [string, string][] => {
    if (value === undefined) return []
    return typeof value === 'string' ? [[within + key, value]] : flat(value, `${within}${key}.`)
  })
}
