import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { leaves, startWorld } from '../renderer/fake/world.ts';
import { openFakePage, type OpenPage, type PageLab, type PageOptions } from './fake-page.ts';

/**
 * Opens a page of the leaves' project, of 120 photos, with a fake engine behind it.
 *
 * @param place of the page in the project, such as `train/search`
 * @param setup what is to be there before the page is opened
 */
export async function openLeaves(
  lab: PageLab,
  place: string,
  setup: (engine: FakeEngine) => void = () => undefined,
  options: PageOptions = {},
): Promise<OpenPage & { readonly engine: FakeEngine }> {
  const engine = createFakeEngine(startWorld({ photos: 120 }));
  setup(engine);
  const opened = await openFakePage(lab, engine, { hash: `#/project/${leaves}/${place}`, ...options });
  return { ...opened, engine };
}
