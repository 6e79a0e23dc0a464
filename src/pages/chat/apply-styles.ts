// The appearance of the chat: its theme, and the styles of an application.
import { override } from './overrides.ts'
import type { Styles } from './resources.ts'

/** The application's own stylesheet. */
const sheet = new CSSStyleSheet()
/** The overrides of our styles, which precede the application's stylesheet. */
const overrides = new CSSStyleSheet()
document.adoptedStyleSheets = [overrides, sheet]

/** Replaces the previous styles. */
export function applyStyles(styles: Styles): Styles {
  document.documentElement.dataset.theme = styles['base-theme']
  override(overrides, styles.overrides)
  sheet.replaceSync(styles.stylesheet ?? '')
  return styles
}
