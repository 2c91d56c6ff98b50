import { HolotypeError } from '../../contract/errors.ts';
import type { ClassTable } from '../../contract/project.ts';
import type { Project, Step } from '../../store/project.ts';
import { countOf, relabel } from './label-steps.ts';
import { classColors, freeColor } from './palette.ts';

/** Classes with every one's colour, so that none changes when others come and go. */
export function colouredTable({ manifest }: Project): ClassTable {
  const { classes: names, colors, folders = {} } = manifest;
  return { names, colors: Object.fromEntries(classColors(names, colors)), folders };
}

/** The table with more classes at its end, each with a colour. */
export function withClasses(table: ClassTable, added: readonly string[]): ClassTable {
  const names = [...table.names];
  const colors = new Map(Object.entries(table.colors));
  for (const name of added) {
    if (names.includes(name)) continue;
    names.push(name);
    colors.set(name, freeColor(colors.values()));
  }
  return { ...table, names, colors: Object.fromEntries(colors) };
}

/** @throws HolotypeError('bad-input') when there is such a class */
export function createClass(project: Project, wanted: string): Step {
  const name = wanted.normalize('NFC');
  refuseExisting(project, name, 'Choose another name.');
  return {
    description: `Create class "${name}"`,
    classes: withClasses(colouredTable(project), [name]),
  };
}

/**
 * Photos keep their class under its new name, and so do photos that will be found in its folders.
 *
 * @throws HolotypeError 'not-found' when there is no such class, 'bad-input' when the new name is taken
 */
export function renameClass(project: Project, name: string, wanted: string): Step | undefined {
  const to = wanted.normalize('NFC');
  mustExist(project, name);
  if (to === name) return undefined;
  refuseExisting(project, to, `To make one class of both, merge "${name}" into it.`);
  const table = colouredTable(project);
  const photos = relabel(project.assets.values(), (labels) =>
    labels.includes(name) ? labels.map((label) => (label === name ? to : label)) : labels,
  );
  return {
    description: `Rename class "${name}" to "${to}"`,
    photos,
    classes: {
      names: table.names.map((other) => (other === name ? to : other)),
      colors: renamedKey(table.colors, name, to),
      folders: pointedTo(table.folders, name, to),
    },
  };
}

/**
 * All photos of `from` get the label `into`; `from` is gone then.
 *
 * @throws HolotypeError 'not-found' when one of them is no class, 'bad-input' when they are the same
 */
export function mergeClasses(project: Project, from: string, into: string): Step {
  mustExist(project, from);
  mustExist(project, into);
  if (from === into)
    throw new HolotypeError('bad-input', `"${from}" can't be merged into itself.`, {
      remedy: 'Choose another class.',
    });
  const photos = relabel(project.assets.values(), (labels) =>
    labels.includes(from) ? [...new Set(labels.map((label) => (label === from ? into : label)))] : labels,
  );
  const table = without(colouredTable(project), from);
  return {
    description: `Merge class "${from}" into "${into}"${photos.length === 0 ? '' : ` (${countOf(project, photos)})`}`,
    photos,
    classes: { ...table, folders: pointedTo(table.folders, from, into) },
  };
}

/**
 * The class goes; its photos stay, without that label, and so will photos that are found in its folders.
 *
 * @throws HolotypeError('not-found')
 */
export function removeClass(project: Project, name: string): Step {
  mustExist(project, name);
  const photos = relabel(project.assets.values(), (labels) => labels.filter((label) => label !== name));
  const table = without(colouredTable(project), name);
  return {
    description: `Delete class "${name}"${photos.length === 0 ? '' : ` (${countOf(project, photos)})`}`,
    photos,
    classes: { ...table, folders: pointedTo(table.folders, name, '') },
  };
}

/** @throws HolotypeError('not-found') */
export function recolorClass(project: Project, name: string, color: number): Step | undefined {
  mustExist(project, name);
  const table = colouredTable(project);
  const colors = new Map(Object.entries(table.colors));
  if (colors.get(name) === color) return undefined;
  return {
    description: `Give class "${name}" another colour`,
    classes: { ...table, colors: Object.fromEntries(colors.set(name, color)) },
  };
}

function mustExist(project: Project, name: string): void {
  if (project.manifest.classes.includes(name)) return;
  throw new HolotypeError('not-found', `There is no class "${name}" in this project.`, {
    remedy: 'It may have been renamed or deleted in another window.',
  });
}

function refuseExisting(project: Project, name: string, remedy: string): void {
  if (project.manifest.classes.includes(name))
    throw new HolotypeError('bad-input', `There is a class "${name}" already.`, { remedy });
}

function without(table: ClassTable, name: string): ClassTable {
  return {
    names: table.names.filter((other) => other !== name),
    colors: Object.fromEntries(Object.entries(table.colors).filter(([key]) => key !== name)),
    folders: table.folders,
  };
}

const renamedKey = <T>(record: Readonly<Record<string, T>>, from: string, to: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key === from ? to : key, value]));

const pointedTo = (folders: ClassTable['folders'], from: string, to: string): Record<string, string> =>
  Object.fromEntries(Object.entries(folders).map(([folder, name]) => [folder, name === from ? to : name]));
