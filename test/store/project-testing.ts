import type { Asset, ClassTable } from '../../src/contract/project.ts';
import type { Project, RequestedChange } from '../../src/store/project.ts';

/** A content id that says which photo it is. */
export const id = (n: number): string => n.toString(16).padStart(64, '0');

export const asset = (n: number, labels: string[] = []): Asset => ({
  id: id(n),
  path: `photos/${n}.jpg`,
  bytes: n,
  labels,
});

export const add = (n: number, labels: string[] = []): RequestedChange => ({
  id: id(n),
  to: asset(n, labels),
});

export const label = (n: number, ...labels: string[]): RequestedChange => ({ id: id(n), to: { labels } });

export const table = (names: string[], more: Partial<ClassTable> = {}): ClassTable => ({
  names,
  colors: {},
  folders: {},
  ...more,
});

/** Classes and labels, as a person sees them. */
export const shown = (project: Project): unknown => [
  project.manifest.classes,
  project.manifest.colors ?? {},
  [...project.assets.values()]
    .map(({ path, labels }) => `${path}: ${labels.join()}`)
    .sort((a, b) => a.localeCompare(b)),
];
