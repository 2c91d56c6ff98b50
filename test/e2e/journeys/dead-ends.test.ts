import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { methods, type MethodName } from '../../../src/contract/methods.ts';
import { createFakeEngine } from '../../renderer/fake-engine.ts';
import { leaves } from '../../renderer/fake/world.ts';
import { browserPath, openFakePage, openLab, whySkipped, type PageLab } from '../fake-page.ts';

/** Each screen, and what has to work for it to be reached at all. */
const screens: readonly { readonly hash: string; readonly needs: readonly MethodName[] }[] = [
  { hash: '', needs: [] },
  { hash: '#/settings', needs: [] },
  { hash: '#/models', needs: [] },
  { hash: '#/about', needs: [] },
  { hash: `#/project/${leaves}/label`, needs: [] },
  ...['label', 'train', 'judge', 'use'].map((tab) => ({
    hash: `#/project/${leaves}/${tab}`,
    needs: ['projects.reopen'] as const,
  })),
];
// Object.keys of the contract's table are its methods' names.
const all = Object.keys(methods) as MethodName[];
const trouble = 'The drive reported an error.';

/** What stands for something that is on its way, each with the words that say what; empty: nobody is told. */
const waits = (page: Page): Promise<string[]> =>
  page
    .locator('main .ui-skeleton, main .ui-spin')
    .evaluateAll((found) =>
      found
        .filter((one) => one.getClientRects().length > 0)
        .map((one) => one.closest('[role=status]')?.getAttribute('aria-label') ?? ''),
    );

/** All that can be read in the main part and in messages. */
const words = (page: Page): Promise<string> =>
  page.evaluate(() =>
    [
      document.querySelector('main')?.innerText ?? '',
      ...[...document.querySelectorAll('main [role=status], main [role=alert]')].map(
        (one) => one.getAttribute('aria-label') ?? '',
      ),
    ]
      .join('\n')
      .trim(),
  );

describe.skipIf(browserPath === undefined)(`no dead ends${whySkipped}`, { timeout: 60_000 }, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  }, 120_000);
  afterAll(() => lab?.close());

  it.each(screens)(
    'with an engine in which nothing works, $hash says why ($needs)',
    async ({ hash, needs }) => {
      const engine = createFakeEngine();
      for (const method of all)
        if (method !== 'app.info' && !needs.includes(method))
          engine.fail(method, new HolotypeError('storage', trouble, { remedy: 'Check the drive.' }));
      const { page } = await openFakePage(lab, engine, { hash });
      try {
        await page.getByText(trouble).first().waitFor();
        await expect.poll(() => waits(page), { timeout: 10_000 }).toEqual([]);
        // Not only in a message that goes away: the page itself, which may be loaded after that message has come.
        await expect.poll(() => words(page), { timeout: 10_000 }).not.toBe('');
      } finally {
        await page.context().close();
      }
    },
  );

  it.each(screens)(
    'with an engine that never answers, $hash says what it waits for ($needs)',
    async ({ hash, needs }) => {
      const engine = createFakeEngine();
      const release = all
        .filter((method) => method !== 'app.info' && !needs.includes(method))
        .map((method) => engine.hold(method));
      const { page } = await openFakePage(lab, engine, { hash });
      try {
        await expect.poll(() => words(page), { timeout: 10_000 }).not.toBe('');
        // Until all that comes by itself has come.
        await page.waitForTimeout(500);
        expect((await waits(page)).filter((said) => said === '')).toEqual([]);
      } finally {
        await page.context().close();
        for (const free of release) free();
      }
    },
  );
});
