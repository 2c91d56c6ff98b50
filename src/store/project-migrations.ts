import { HolotypeError } from '../contract/errors.ts';

/**
 * From one format version of a project to the next, line by line. Because a crash may come between the files of
 * an upgrade, each function must leave a value that is in the new form already as it is.
 */
export interface ProjectMigration {
  manifest?(manifest: Record<string, unknown>): Record<string, unknown>;
  asset?(asset: Record<string, unknown>): Record<string, unknown>;
  journalEntry?(entry: Record<string, unknown>): Record<string, unknown>;
}

/** By the version that is upgraded: `1` leads from version 1 to 2. Version 1 is the first and current one. */
export const projectMigrations: ReadonlyMap<number, ProjectMigration> = new Map();

/**
 * The upgrade of one kind of document from `version` to `current`: all steps in a row.
 *
 * @returns a function from the value as stored to the value in the current form; what is no JSON object is
 *   passed on as it is, for the schema to refuse
 * @throws HolotypeError 'not-supported' when the version is newer than this program or no longer known
 */
export function upgrader(
  kind: keyof ProjectMigration,
  version: number,
  current: number,
  migrations: ReadonlyMap<number, ProjectMigration> = projectMigrations,
): (value: unknown) => unknown {
  if (version > current)
    throw new HolotypeError(
      'not-supported',
      `This project was saved by a newer Holotype (format ${version}; this one knows up to ${current}).`,
      { remedy: 'Update Holotype.', details: { version, current } },
    );
  const steps: ProjectMigration[] = [];
  for (let from = version; from < current; from += 1) {
    const step = migrations.get(from);
    if (step === undefined)
      throw new HolotypeError('not-supported', `Projects of format ${version} are not known.`, {
        remedy: 'Open the project with the version of Holotype that made it.',
        details: { version, current },
      });
    steps.push(step);
  }
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    let document: Record<string, unknown> = { ...value };
    for (const step of steps) document = step[kind]?.(document) ?? document;
    return document;
  };
}
