import type { Task } from '../../contract/project.ts';

/** What stands between the labels of a photo that has several. */
export const labelSeparator = ';';

/**
 * The labels that a cell of a labels file (or a folder's name) says.
 *
 * With one class a photo it is the text as it is. With several labels, those between `;`, sorted, each once; a lone
 * `;` says that the photo shows none of them.
 *
 * @returns undefined where nothing is said
 */
export function labelNamesOf(text: string | undefined, task: Task): string[] | undefined {
  if (text === undefined) return undefined;
  if (task !== 'multi-label') return [text];
  const names = text.split(labelSeparator).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

/** Labels as a cell of a labels file, to be read by {@link labelNamesOf}. */
export function labelCell(names: readonly string[]): string {
  return names.length === 0 ? labelSeparator : names.join(labelSeparator);
}
