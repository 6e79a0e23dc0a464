// Adds accessible names and roles that the API reference lacks, from its first rendering on.

/** Form fields in a table, labelled by the first cell of the row. */
const fields = '[contenteditable][role="combobox"]:not([aria-expanded])'
const scrolling = '.endpoints:not([tabindex])'

/** Adds names to everything in `root`, now and after each later change. */
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
    // Its suggestions appear without being announced, so assistive technology treats it as a text field.
    field.setAttribute('role', 'textbox')
    if (!field.ariaLabel) field.ariaLabel = labelOf(field)
  }
  for (const button of root.querySelectorAll('button:not([aria-label])')) {
    const purpose = purposeOf(button)
    if (purpose) button.ariaLabel = purpose
  }
  for (const list of root.querySelectorAll(scrolling)) list.tabIndex = 0 // keys scroll the element that has the focus
}

function labelOf(field) {
  const label = field.closest('tr, label')?.textContent ?? ''
  return label.split(':')[0].trim() || field.dataset.placeholder || 'Value'
}

/** Returns a name for a button without text. A button whose text is hidden temporarily keeps it as its name. */
function purposeOf(button) {
  if (button.matches('.scalar-code-copy')) return 'Copy' // its text is a hint, which is hidden
  if (button.textContent.trim() !== '' || button.title) return undefined
  return button.ariaExpanded === null ? 'More' : 'Show or hide'
}
