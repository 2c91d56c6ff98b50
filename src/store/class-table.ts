import type { ClassTable, ProjectManifest } from '../contract/project.ts';

/** What a manifest says of classes. */
export function classTable({ classes, colors = {}, folders = {} }: ProjectManifest): ClassTable {
  return { names: classes, colors, folders };
}

/** The manifest with other classes. */
export function withClassTable(
  manifest: ProjectManifest,
  { names, colors, folders }: ClassTable,
  classesAt: number,
): ProjectManifest {
  const { colors: _colors, folders: _folders, ...rest } = manifest;
  return {
    ...rest,
    classes: names,
    ...(isEmpty(colors) ? {} : { colors }),
    ...(isEmpty(folders) ? {} : { folders }),
    classesAt,
  };
}

/**
 * Does to a table what led from one to another: for undoing and redoing a step although the table has been changed
 * in between (a new folder was found). Names that come stand where they stood, as far as that place still exists.
 *
 * @param now the table to change; where it is `from`, the result is `to`
 */
export function applyTableChange(now: ClassTable, from: ClassTable, to: ClassTable): ClassTable {
  const gone = new Set(from.names.filter((name) => !to.names.includes(name)));
  const names = now.names.filter((name) => !gone.has(name));
  for (const [at, name] of to.names.entries()) {
    if (from.names.includes(name) || names.includes(name)) continue;
    const before = to.names.slice(0, at).findLast((other) => names.includes(other));
    names.splice(before === undefined ? 0 : names.indexOf(before) + 1, 0, name);
  }
  return {
    names,
    colors: applyRecordChange(now.colors, from.colors, to.colors),
    folders: applyRecordChange(now.folders, from.folders, to.folders),
  };
}

/** The table with classes added that photos have but it lacks. */
export function withNames(table: ClassTable, used: Iterable<string>): ClassTable {
  const names = new Set(table.names);
  for (const name of used) names.add(name);
  return names.size === table.names.length ? table : { ...table, names: [...names] };
}

/** Whether two tables say the same; the order of classes counts. */
export function sameTable(a: ClassTable, b: ClassTable): boolean {
  return (
    a.names.length === b.names.length &&
    a.names.every((name, at) => name === b.names[at]) &&
    sameRecord(a.colors, b.colors) &&
    sameRecord(a.folders, b.folders)
  );
}

function applyRecordChange<T>(
  now: Readonly<Record<string, T>>,
  from: Readonly<Record<string, T>>,
  to: Readonly<Record<string, T>>,
): Record<string, T> {
  // Maps, for a class may be called "__proto__".
  const result = new Map(Object.entries(now));
  const old = new Map(Object.entries(from));
  const wanted = new Map(Object.entries(to));
  for (const key of old.keys()) if (!wanted.has(key)) result.delete(key);
  for (const [key, value] of wanted) if (old.get(key) !== value) result.set(key, value);
  return Object.fromEntries(result);
}

function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(a);
  const other = new Map(Object.entries(b));
  return entries.length === other.size && entries.every(([key, value]) => other.get(key) === value);
}

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;
