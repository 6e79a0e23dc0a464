// What the chat wears: its theme, and what an application puts over that.
import { override } from './overrides.ts'
import type { Styles } from './resources.ts'

/** The application's own stylesheet. */
const sheet = new CSSStyleSheet()
/** What it overrides of ours, which comes before. */
const overrides = new CSSStyleSheet()
document.adoptedStyleSheets = [overrides, sheet]

/** In the place of what it wore before. */
export function dress(styles: Styles): Styles {
  document.documentElement.dataset.theme = styles['base-theme']
  override(overrides, styles.overrides)
  sheet.replaceSync(styles.stylesheet ?? '')
  return styles
}
