/** Joins the names of CSS classes; leaves out what is none. */
export function classes(...names: readonly (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}
