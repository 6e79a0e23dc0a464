// The light or dark theme: the system's, unless the operator chose one.
const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]
const storageKey = 'chatterie-theme'

export function readTheme(): Theme {
  const kept = localStorage.getItem(storageKey)
  return themes.find((each) => each === kept) ?? 'auto'
}

/** Stores the choice in this browser. */
export function setTheme(theme: Theme): Theme {
  localStorage.setItem(storageKey, theme)
  document.documentElement.dataset.theme = theme
  return theme
}

export const nextTheme = (theme: Theme): Theme =>
  themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto'
