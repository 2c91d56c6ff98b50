import type { AppInfo, AppSettings } from '../../contract/app.ts';
import { redact, redactNote, type Secrets } from './redact.ts';

export interface ReportFacts {
  readonly info: AppInfo;
  readonly settings: AppSettings;
  readonly versions: Readonly<Record<string, string>>;
  /** Operating system, processor, memory. */
  readonly machine: Readonly<Record<string, string>>;
  /** What was found out about devices, as it is remembered. */
  readonly devices: unknown;
  /** How many projects and photos, never which. */
  readonly counts: Readonly<Record<string, number>>;
  readonly log: readonly string[];
  /** What the person has to say. */
  readonly note: string;
  readonly time: string;
}

/** The text of a report: what helps to find a defect, without names of people, folders, photos or projects. */
export function problemReport(facts: ReportFacts, secrets: Secrets): string {
  const { info, settings, versions, machine, devices, counts, log, note, time } = facts;
  const list = (values: Readonly<Record<string, string | number | boolean>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
  const sections: [string, string][] = [
    ['What happened', note.trim() === '' ? '(nothing was written)' : redactNote(note, secrets)],
    ['Holotype', list({ ...versions, window: info.host, time })],
    ['Machine', redact(list(machine), secrets)],
    ['Settings', list(settings)],
    ['Sizes', list(counts)],
    ['Devices', redactNote(flat(devices ?? 'not looked for yet').join('\n'), secrets)],
    ['End of the log', log.length === 0 ? '(empty)' : redact(log.join('\n'), secrets)],
  ];
  const intro =
    'Problem report of Holotype. Names of people, folders, photos and projects have been taken out.\n' +
    'Nothing has been sent: read it, then send it yourself if you want to.';
  return `${[intro, ...sections.map(([title, text]) => `== ${title} ==\n${text}`)].join('\n\n')}\n`;
}

/** Any plain data as lines of `where.it.is: value`; what drivers say of themselves is quoted nowhere. */
function flat(value: unknown, where = ''): string[] {
  if (typeof value !== 'object' || value === null)
    return [where === '' ? String(value) : `${where}: ${String(value)}`];
  return Object.entries(value).flatMap(([name, inside]) =>
    flat(inside, where === '' ? name : `${where}.${name}`),
  );
}
