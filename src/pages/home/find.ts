/** @throws Error if the page has no such element */
export function find<K extends keyof HTMLElementTagNameMap>(
  within: HTMLElement,
  tag: K,
): HTMLElementTagNameMap[K]
export function find(within: HTMLElement, selector: string): HTMLElement
export function find(within: HTMLElement, selector: string): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`The page has no ${selector}`)
  return found
}
