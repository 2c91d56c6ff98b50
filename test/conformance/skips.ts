import type { TestName } from './protocol.ts';

/** Tests that are not run, and why. */
export interface SkipGroup {
  name: string;
  reason: string;
  /** Backends it holds for; every backend when absent. */
  backends?: string[];
  /** By module, and by name within it when only some of it is meant; each has to match something. */
  tests: readonly { file: string; named?: RegExp }[];
}

export const skips: readonly SkipGroup[] = [
  {
    name: 'browser pictures',
    reason: 'read from or draw on a canvas, an image or a video of a web page',
    tests: [
      {
        file: 'ops/from_pixels_test',
        named: /^fromPixels (ImageData|fromPixels(,| \+| for HTML)|canvas and image match)/,
      },
      { file: 'ops/draw_test', named: /^draw on canvas context / },
    ],
  },
  {
    name: 'browser storage',
    reason: 'models in IndexedDB or localStorage, which only a web page has',
    tests: [
      { file: 'io/indexed_db_test', named: /^IndexedDB / },
      { file: 'io/local_storage_test', named: /^LocalStorage / },
      { file: 'io/model_management_test', named: /^ModelManagement (Failed|copyModel|moveModel)/ },
      { file: 'io/router_registry_test', named: /get(Save|Load)Handler succeeds$/ },
    ],
  },
  {
    name: 'browser downloads, uploads and fetch',
    reason: "files through a page's links and file pickers, requests through window.fetch",
    tests: [
      { file: 'io/browser_files_test', named: /^browserDownloads / },
      { file: 'io/browser_files_test', named: /^browserFiles (?!Incorrect number)/ },
      { file: 'io/http_test', named: /^http-save Save topology/ },
      {
        file: 'io/http_test',
        named: /^http-load JSON model (1 group, 2 weights, 1 path|Provide WeightFile)/,
      },
      { file: 'platforms/platform_browser_test', named: /^PlatformBrowser fetch calls window/ },
      { file: 'platforms/platform_browser_test', named: /^setTimeout setTimeout/ },
    ],
  },
];

/** The first group that a test belongs to on this backend, and which of its lines says so. */
export function skipOf(test: TestName, backend: string): { group: string; line: number } | undefined {
  for (const { name, backends, tests } of skips) {
    if (backends && !backends.includes(backend)) continue;
    const line = tests.findIndex(({ file, named }) => file === test.file && (named?.test(test.name) ?? true));
    if (line >= 0) return { group: name, line };
  }
  return undefined;
}
