// What the API reference leaves without a name or a role for people who do not see it, from its first drawing on.

/** Fields of a form in a table, whose label stands in the row's first cell. */
const fields = '[contenteditable][role="combobox"]:not([aria-expanded])'
const scrolling = '.endpoints:not([tabindex])'

/** Names what is in `root` now, and what is drawn into it later. */
export function nameWhatHasNoName(root) {
  let isDue = false
  const later = () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => {
      isDue = false
      name(root)
    })
  }
  new MutationObserver(later).observe(root, { childList: true, subtree: true })
  later()
}

function name(root) {
  for (const field of root.querySelectorAll(fields)) {
    // Its list of suggestions comes and goes without being announced: to others it is a line of text.
    field.setAttribute('role', 'textbox')
    if (!field.ariaLabel) field.ariaLabel = labelOf(field)
  }
  for (const button of root.querySelectorAll('button:not([aria-label])')) {
    const purpose = purposeOf(button)
    if (purpose) button.ariaLabel = purpose
  }
  for (const list of root.querySelectorAll(scrolling)) list.tabIndex = 0 // keys scroll what has the focus
}

function labelOf(field) {
  const label = field.closest('tr, label')?.textContent ?? ''
  return label.split(':')[0].trim() || field.dataset.placeholder || 'Value'
}

/** Of a button without words; one whose words are hidden for a while keeps them as its name. */
function purposeOf(button) {
  if (button.matches('.scalar-code-copy')) return 'Copy' // its words are a hint, which is hidden
  if (button.textContent.trim() !== '' || button.title) return undefined
  return button.ariaExpanded === null ? 'More' : 'Show or hide'
}
