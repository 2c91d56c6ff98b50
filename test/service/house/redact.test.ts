import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactNote, type Secrets } from '../../../src/service/house/redact.ts';

const secrets: Secrets = {
  people: ['ada', 'ada-laptop'],
  projects: ['Leaves', 'Leaves of oaks', 'Möhren & Käfer', 'x'],
  folders: ['/home/ada', '/media/ada/field drive, 2025', 'C:\\Users\\Ada Lovelace'],
  app: '/opt/Holotype/resources/app.asar',
};
const line = (text: string): string => redact(text, secrets);

describe('a redacted log', () => {
  it.each([
    [
      'a path of the home folder',
      'No permission for /home/ada/My Photos/ants (new)/1.jpg.',
      'No permission for <path>',
    ],
    [
      'a quoted path',
      'The disk is full: "/data/x/y.jpg" could not be written.',
      'The disk is full: "<name>" could not be written.',
    ],
    [
      "a path in Node's quotes",
      "ENOENT: no such file or directory, open '/srv/my photos/a b.jpg'",
      "ENOENT: no such file or directory, open '<name>'",
    ],
    ['a path of Windows', String.raw`can't open D:\Fotos\Großmutter\1.png`, "can't open <path>"],
    ['a share', String.raw`at \\nas\photos\ada`, 'at <path>'],
    ['a known folder with a comma', 'in /media/ada/field drive, 2025/site 3', 'in <path>'],
    ['an address of a file', 'at file:///home/ada/x.js:1:2', 'at <path>'],
    ['a relative path', 'skipped ants/1.txt and bees\\2.txt', 'skipped <path> and <path>'],
    ["a photo's name", 'IMG_20240517.JPG is damaged', '<photo> is damaged'],
    ['a quoted name', 'There is no class "Ants of Ada".', 'There is no class "<name>".'],
    [
      'a name in typographic quotes',
      'Training of “Großmutters Garten” failed',
      'Training of "<name>" failed',
    ],
    ['a project', 'Training of Leaves of oaks: done', 'Training of <project>: done'],
    ['a project with signs in its name', 'Training of Möhren & Käfer failed', 'Training of <project> failed'],
    ['a person, in any case', 'held by ADA on ada-laptop', 'held by <person> on <person>'],
  ])('does not have %s', (_what, text, expected) => {
    expect(line(text)).toBe(expected);
  });

  it.each([
    '2026-01-02T12:00:00.000Z error "projects.open" failed: storage',
    'The engine stopped unexpectedly (exit code 139).',
    'Computing features: 12.5 photos/s, 1/3 done',
    "TypeError: Cannot read properties of undefined (reading 'length')",
    'More than 200 megapixels, which is not safe to decode',
    'canada is not Ada, and oak leave is not Leave',
    '    at Object.open (node:fs:601:3)',
  ])('still says %s', (text) => {
    expect(line(text).replaceAll('<person>', 'Ada')).toBe(text);
  });

  it('still says where in our own code it was', () => {
    expect(line('    at run (file:///opt/Holotype/resources/app.asar/dist/node/cli.mjs:10:5)')).toBe(
      '    at run (<app>/dist/node/cli.mjs:10:5)',
    );
    expect(line('    at x (/opt/Holotype/resources/app.asar/node_modules/sharp/lib/sharp.js:1:2)')).toBe(
      '    at x (<app>/node_modules/sharp/lib/sharp.js:1:2)',
    );
  });

  it('is redacted line by line: one odd quote does not save the rest', () => {
    expect(line('it isn"t\n"/home/ada/x.jpg"')).not.toContain('ada');
    expect(line("don't open '/home/ada/x.jpg'")).not.toContain('ada');
  });

  it('lets no known name through, however it is written', () => {
    const names = fc.constantFrom(
      ...secrets.people,
      'Leaves',
      'Möhren & Käfer',
      ...secrets.folders,
      'holiday.jpg',
    );
    const glue = fc.constantFrom(
      ' ',
      '"',
      "'",
      '(',
      ')',
      ': ',
      ', ',
      '/',
      '\\',
      '\n',
      ' at ',
      'file://',
      '“',
      '”',
      '~',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(glue, names, glue), { minLength: 1, maxLength: 6 }), (parts) => {
        const done = line(parts.flat().join(''));
        expect(done).not.toMatch(/(?<![\p{L}])ada(?![\p{L}])|Möhren|holiday\.jpg|field drive|Lovelace/iu);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a redacted note', () => {
  it('keeps what a person wrote, but for paths and known names', () => {
    expect(
      redactNote('I pressed "Train" in Leaves and it said "failed".\nThe photos are in /home/ada/x', secrets),
    ).toBe('I pressed "Train" in <project> and it said "failed".\nThe photos are in <path>');
  });
});
