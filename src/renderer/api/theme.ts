import type { AppSettings } from '../../contract/app.ts';

type Theme = AppSettings['theme'];
const key = 'holotype-theme';

/** Puts a theme on the page, and keeps it so that the next start has it before the engine answers. */
export function rememberTheme(theme: Theme): void {
  put(theme);
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Storage can be switched off; then the next start begins with the system's theme.
  }
}

/** Puts the theme of last time on the page. */
export function recallTheme(): void {
  try {
    const theme = localStorage.getItem(key);
    if (theme === 'light' || theme === 'dark') put(theme);
  } catch {
    // As above.
  }
}

function put(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}
