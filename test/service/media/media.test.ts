import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import {
  answerPath,
  answerPhotoPath,
  cameraPath,
  downloadPath,
  photoPath,
  thumbPath,
  uploadPath,
  viewPath,
  changedViewPath,
} from '../../../src/contract/media.ts';
import type { Asset } from '../../../src/contract/project.ts';
import { createDownloads } from '../../../src/service/downloads.ts';
import { createMedia, type MediaDeps } from '../../../src/service/media/create-media.ts';
import type { Media, MediaRequest, MediaResponse } from '../../../src/service/media/media.ts';
import type { OpenProject } from '../../../src/service/projects/open-projects.ts';
import { fileSystem } from '../../../src/store/file-system.ts';
import { openThumbnailCache } from '../../../src/store/thumbnail-cache.ts';
import { openUploads, type UploadStore } from '../../../src/store/uploads.ts';
import { quarters } from '../../engine/data/photo-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';

const project = '0123456789abcdef';
const run = '2026-01-02T03-04-05-678Z-0123abcd';
let folder: string;
let photos: string;
let uploads: UploadStore;
const assets = new Map<string, Asset>();

beforeEach(() => {
  folder = scratchFolder();
  photos = join(folder, 'photos');
  mkdirSync(photos);
  uploads = openUploads(join(folder, 'uploads'));
  assets.clear();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a photo into the project. @returns its id */
function add(path: string, bytes: Uint8Array, over: Partial<Asset> = {}): string {
  writeFileSync(join(photos, path), bytes);
  const id = createHash('sha256').update(bytes).digest('hex');
  assets.set(id, { id, path, bytes: bytes.length, labels: [], ...over });
  return id;
}

const notThere = (what: string): HolotypeError => new HolotypeError('not-found', `There is no ${what}.`);

function create(over: Partial<MediaDeps> = {}): Media {
  return createMedia({
    projects: {
      get: (id) => {
        if (id !== project) throw notThere('such project');
        return {
          id,
          photoFolder: photos,
          asset: (photo: string) => {
            const asset = assets.get(photo);
            if (asset === undefined) throw notThere('such photo');
            return asset;
          },
        } as OpenProject;
      },
    },
    downloads: createDownloads(),
    uploads,
    thumbnails: openThumbnailCache(join(folder, 'thumbnails'), 1e9),
    answerFile: async () => undefined,
    classifyPicture: async () => ({
      label: 'a',
      confidence: 1,
      probabilities: [1],
      classes: ['a'],
      unknown: false,
    }),
    ...over,
  });
}

const get = (media: Media, path: string, over: Partial<MediaRequest> = {}): Promise<MediaResponse> =>
  media({ method: 'GET', path, ...over });

async function bytesOf({ body }: MediaResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (body instanceof Uint8Array) chunks.push(body);
  else for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const textOf = async (response: MediaResponse): Promise<string> => (await bytesOf(response)).toString('utf8');
async function* streamOf(...chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
const jpeg = (): Promise<Buffer> => quarters(640, 480).jpeg().toBuffer();

describe('thumbnails', () => {
  it.each([128, 256, 512] as const)('are made at %i, in proportion, to be kept for good', async (size) => {
    const id = add('a.jpg', await jpeg());
    const answer = await get(create(), thumbPath(project, id, size));
    expect(answer).toMatchObject({ status: 200, type: 'image/jpeg', maxAge: 31_536_000 });
    const body = await bytesOf(answer);
    expect(answer.length).toBe(body.length);
    const { width, height } = await sharp(body).metadata();
    expect([width, height]).toEqual([size, (size * 3) / 4]);
  });

  it('are made once, and then are there without the photo, the project, or the engine that made them', async () => {
    const id = add('a.jpg', await jpeg());
    const first = await bytesOf(await get(create(), thumbPath(project, id, 256)));
    await vi.waitFor(() => expect(readdirSync(join(folder, 'thumbnails'))).not.toEqual([]));
    await vi.waitFor(async () => {
      rmSync(join(photos, 'a.jpg'), { force: true });
      const other = await get(create(), thumbPath('ffffffffffffffff', id, 256));
      expect(other.status).toBe(200);
      expect((await bytesOf(other)).equals(first)).toBe(true);
    });
    expect((await get(create(), thumbPath(project, id, 128))).status).toBe(404);
  });

  it('come from wherever the very same photo lies', async () => {
    const photo = await jpeg();
    const id = add('a.jpg', photo, { path: 'gone.jpg', otherPaths: ['a.jpg'] });
    expect((await get(create(), thumbPath(project, id, 128))).status).toBe(200);
  });

  it('of a photo that has changed are shown, but kept by nobody', async () => {
    const id = add('a.jpg', await jpeg());
    writeFileSync(join(photos, 'a.jpg'), await quarters(100, 100).png().toBuffer());
    const answer = await get(create(), thumbPath(project, id, 128));
    expect(answer.status).toBe(200);
    expect(answer.maxAge).toBeUndefined();
    expect(existsSync(join(folder, 'thumbnails', '1'))).toBe(false);
  });

  it('are not made when nobody wants them any more', async () => {
    const id = add('a.jpg', await jpeg());
    const controller = new AbortController();
    controller.abort();
    const answer = await get(create(), thumbPath(project, id, 128), { signal: controller.signal });
    expect(answer.status).not.toBe(200);
  });

  it('are there although the disk is full', async () => {
    const id = add('a.jpg', await jpeg());
    vi.spyOn(fileSystem, 'rename').mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    expect((await get(create(), thumbPath(project, id, 128))).status).toBe(200);
  });

  it('of damaged photos are refused with the reason, and the next one is fine', async () => {
    const media = create();
    const broken = add('broken.jpg', (await jpeg()).subarray(0, 2000));
    const text = add('text.jpg', Buffer.from('not a photo at all'));
    const fine = add('fine.jpg', await jpeg());
    const answers = await Promise.all(
      [broken, text, fine].map((id) => get(media, thumbPath(project, id, 256))),
    );
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 200]);
    expect(await textOf(answers[0] ?? (await get(media, '/')))).toMatch(/ends before the picture does/);
    expect(answers[0]?.maxAge).toBeUndefined();
    expect(answers[0]?.type).toMatch(/^text\/plain/);
  });
});

describe('photos', () => {
  it('are passed on as they are, or converted where no browser shows them', async () => {
    const photo = await jpeg();
    const same = await get(create(), photoPath(project, add('a.jpg', photo)));
    expect(same).toMatchObject({ status: 200, type: 'image/jpeg' });
    expect((await bytesOf(same)).equals(photo)).toBe(true);
    const tiff = await get(create(), photoPath(project, add('b.tif', await quarters().tiff().toBuffer())));
    expect(tiff).toMatchObject({ status: 200, type: 'image/jpeg' });
  });

  it('that are gone are said to be gone', async () => {
    const id = add('a.jpg', await jpeg());
    rmSync(join(photos, 'a.jpg'));
    const answer = await get(create(), photoPath(project, id));
    expect(answer.status).toBe(404);
    expect(await textOf(answer)).toContain('not there');
  });

  it('are found by their project alone', async () => {
    const id = add('a.jpg', await jpeg());
    expect((await get(create(), photoPath('ffffffffffffffff', id))).status).toBe(404);
    expect((await get(create(), photoPath(project, 'f'.repeat(64)))).status).toBe(404);
  });

  it("never come from outside the project's folder, whatever its files say", async () => {
    writeFileSync(join(folder, 'secret.jpg'), await jpeg());
    const id = add('a.jpg', await jpeg(), { path: '../secret.jpg' });
    for (const path of [
      photoPath(project, id),
      thumbPath(project, id, 128),
      viewPath(project, id, 'pad', 64),
    ])
      expect((await get(create(), path)).status).toBe(400);
  });
});

describe("a model's view", () => {
  it.each(['squash', 'crop', 'pad'])('is made for %s', async (resize) => {
    const answer = await get(create(), viewPath(project, add('a.jpg', await jpeg()), resize, 96));
    expect(answer).toMatchObject({ status: 200, type: 'image/png' });
    const { width, height } = await sharp(await bytesOf(answer)).metadata();
    expect([width, height]).toEqual([96, 96]);
  });

  it.each([
    ['stretch', 96],
    ['pad', 15],
    ['pad', 1025],
    ['pad', 9.5],
    ['pad', Number.NaN],
  ])('is not made for %s at %d', async (resize, size) => {
    const id = add('a.jpg', await jpeg());
    expect((await get(create(), viewPath(project, id, resize, size))).status).toBe(404);
  });
});

describe('a changed view', () => {
  const view = (id: string): string => viewPath(project, id, 'squash', 32);

  it('is what a training would make of the photo, another for every number', async () => {
    const id = add('a.jpg', await jpeg());
    const media = create();
    const pixels = async (path: string): Promise<string> => {
      const answer = await get(media, path);
      expect(answer).toMatchObject({ status: 200, type: 'image/png' });
      return Buffer.from(
        await sharp(await bytesOf(answer))
          .raw()
          .toBuffer(),
      ).toString('hex');
    };
    const [plain, ...others] = await Promise.all(
      [
        view(id),
        changedViewPath(view(id), 'none', 'auto', 1),
        changedViewPath(view(id), 'none', 'off', 2),
        ...[1, 2, 3].map((number) => changedViewPath(view(id), 'strong', 'auto', number)),
        changedViewPath(view(id), 'any-orientation', 'off', 1),
      ].map(pixels),
    );
    expect(others.slice(0, 2)).toEqual([plain, plain]);
    expect(new Set([plain, ...others.slice(2)]).size).toBe(5);
    expect(await pixels(changedViewPath(view(id), 'strong', 'auto', 2))).toBe(others[3]);
  });

  it.each([
    'stronk/auto/1',
    'strong/maybe/1',
    'strong/auto/0',
    'strong/auto/100',
    'strong/auto',
    'strong/auto/1/2',
  ])('is not made for %s', async (rest) => {
    const id = add('a.jpg', await jpeg());
    expect((await get(create(), `${view(id)}/${rest}`)).status).toBe(404);
  });
});

describe("a job's answers", () => {
  it('have pictures, made again when the photo is another one', async () => {
    const media = create({
      answerFile: async (job, index) =>
        job === 'job-0001' && index === 3 ? { folder: photos, path: 'x.jpg' } : undefined,
    });
    writeFileSync(join(photos, 'x.jpg'), await jpeg());
    const first = await bytesOf(await get(media, answerPath('job-0001', 3)));
    expect((await sharp(first).metadata()).width).toBe(256);
    writeFileSync(join(photos, 'x.jpg'), await quarters(480, 640).jpeg().toBuffer());
    utimesSync(join(photos, 'x.jpg'), 1, 1);
    const second = await bytesOf(await get(media, answerPath('job-0001', 3)));
    expect((await sharp(second).metadata()).height).toBe(256);
    expect((await get(media, answerPath('job-0001', 4))).status).toBe(404);
    const whole = await get(media, answerPhotoPath('job-0001', 3));
    expect(whole).toMatchObject({ status: 200, type: 'image/jpeg' });
    expect((await sharp(await bytesOf(whole)).metadata()).height).toBe(640);
    expect((await get(media, answerPhotoPath('job-0001', 4))).status).toBe(404);
    rmSync(join(photos, 'x.jpg'));
    expect((await get(media, answerPath('job-0001', 3))).status).toBe(404);
  });
});

describe('downloads', () => {
  it('are streamed from the disk, or sent from memory, under their names', async () => {
    const downloads = createDownloads();
    const media = create({ downloads });
    const path = join(folder, 'model.zip');
    writeFileSync(path, new Uint8Array(1_000_000).fill(7));
    const file = downloads.offer({
      name: 'Blätter.zip',
      type: 'application/zip',
      content: { path, bytes: 1_000_000 },
    });
    const answer = await get(media, downloadPath(file.download));
    expect(answer).toMatchObject({
      status: 200,
      type: 'application/zip',
      length: 1_000_000,
      fileName: 'Blätter.zip',
    });
    expect(answer.body).not.toBeInstanceOf(Uint8Array);
    expect((await bytesOf(answer)).equals(readFileSync(path))).toBe(true);
    const table = downloads.offer({ name: 'a.csv', type: 'text/csv', content: Buffer.from('a,b') });
    expect(await textOf(await get(media, downloadPath(table.download)))).toBe('a,b');
  });

  it('of nothing are empty, of what is gone are refused', async () => {
    const downloads = createDownloads();
    const media = create({ downloads });
    const path = join(folder, 'empty.txt');
    writeFileSync(path, '');
    const { download } = downloads.offer({
      name: 'empty.txt',
      type: 'text/plain',
      content: { path, bytes: 0 },
    });
    expect(await bytesOf(await get(media, downloadPath(download)))).toHaveLength(0);
    rmSync(path);
    expect((await get(media, downloadPath(download))).status).toBe(404);
    expect((await get(media, downloadPath('A'.repeat(24)))).status).toBe(404);
  });
});

describe('uploads', () => {
  const put = (media: Media, path: string, ...chunks: Uint8Array[]): Promise<MediaResponse> =>
    media({ method: 'PUT', path, body: streamOf(...chunks) });

  it('are saved under their own names', async () => {
    const id = uploads.begin();
    const name = 'Blätter 50%/r#st?/a.jpg';
    const answer = await put(create(), uploadPath(id, name), Buffer.from('ab'), Buffer.from('c'));
    expect(answer.status).toBe(201);
    expect(JSON.parse(await textOf(answer))).toEqual({ bytes: 3 });
    expect(readFileSync(join(uploads.folderOf(id), ...name.split('/')), 'utf8')).toBe('abc');
  });

  it.each([
    ['..', 400],
    ['%2e%2e', 400],
    ['a/%2e%2e/%2e%2e/x.jpg', 400],
    ['..%2f..%2fx.jpg', 404],
    ['a%2f..%2fx.jpg', 404],
    ['..%5cx.jpg', 400],
    ['x%00.jpg', 400],
    ['%E0%A4%A', 404],
    ['', 400],
    ['a//b', 400],
  ])('named %s go nowhere', async (name, status) => {
    const id = uploads.begin();
    expect((await put(create(), `/upload/${id}/${name}`, Buffer.from('x'))).status).toBe(status);
    expect(existsSync(join(folder, 'uploads'))).toBe(false);
  });

  it('encoded twice are decoded once', async () => {
    const id = uploads.begin();
    await put(create(), `/upload/${id}/%252e%252e`, Buffer.from('x'));
    expect(readdirSync(uploads.folderOf(id))).toEqual(['%2e%2e']);
  });

  it('that are too large are refused as such', async () => {
    uploads = openUploads(join(folder, 'uploads'), { file: 10, total: 100, files: 5 });
    const id = uploads.begin();
    expect((await put(create(), uploadPath(id, 'a'), new Uint8Array(11))).status).toBe(413);
  });

  it('to a full disk say so', async () => {
    const id = uploads.begin();
    await put(create(), uploadPath(id, 'a'), Buffer.from('x'));
    vi.spyOn(fileSystem, 'rename').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
    );
    const answer = await put(create(), uploadPath(id, 'b'), Buffer.from('x'));
    expect(answer.status).toBe(507);
    expect(await textOf(answer)).toContain('disk is full');
  });

  it('need a set that was given out', async () => {
    expect((await put(create(), uploadPath('A'.repeat(24), 'a.jpg'), Buffer.from('x'))).status).toBe(404);
  });
});

describe('the camera', () => {
  const post = (media: Media, path: string, ...chunks: Uint8Array[]): Promise<MediaResponse> =>
    media({ method: 'POST', path, body: streamOf(...chunks) });

  it('is answered by the run that is asked', async () => {
    const classifyPicture = vi.fn(async () => ({
      label: 'bee',
      confidence: 0.75,
      probabilities: [0.25, 0.75],
      classes: ['ant', 'bee'],
      unknown: false,
    }));
    const answer = await post(
      create({ classifyPicture }),
      cameraPath(project, run),
      Buffer.from('pic'),
      Buffer.from('ture'),
    );
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining('application/json') });
    expect(JSON.parse(await textOf(answer))).toMatchObject({ label: 'bee' });
    expect(classifyPicture).toHaveBeenCalledExactlyOnceWith(project, run, Buffer.from('picture'), undefined);
  });

  it('sends no pictures without end', async () => {
    const chunk = new Uint8Array(8 * 2 ** 20);
    const answer = await post(create(), cameraPath(project, run), chunk, chunk, chunk, chunk, chunk);
    expect(answer.status).toBe(413);
  });

  it('hears why there is no answer', async () => {
    const media = create({
      classifyPicture: async () => {
        throw new HolotypeError('not-found', 'This run is gone.', { remedy: 'Choose another one.' });
      },
    });
    const answer = await post(media, cameraPath(project, run), Buffer.from('x'));
    expect([answer.status, await textOf(answer)]).toEqual([404, 'This run is gone. Choose another one.']);
  });
});

describe('addresses', () => {
  const id = 'a'.repeat(64);
  it.each([
    '',
    '/',
    'thumb',
    '/thumb',
    '/thumb/',
    `/thumb/${project}/${id}`,
    `/thumb/${project}/${id}/`,
    `/thumb/${project}/${id}/100`,
    `/thumb/${project}/${id}/0256`,
    `/thumb/${project}/${id}/256/`,
    `/thumb/${project}/${id}/256/x`,
    `/thumb//${project}/${id}/256`,
    `/thumb/${project}/../${id}/256`,
    `/thumb/${project.toUpperCase()}/${id}/256`,
    `/thumb/${project}/${id.slice(1)}/256`,
    `/thumb/..%2f..%2f/${id}/256`,
    `/photo/${project}/%2e%2e%2fsecret`,
    `/photo/${project}/${id}%00`,
    `/view/${project}/${id}/pad`,
    '/answer/job-0001/-1',
    '/answer/job-0001/1e3',
    '/answer/job-0001/99999999999',
    '/answer/../3',
    '/download/../../etc/passwd',
    '/download/..%2f..%2fetc%2fpasswd%2fpasswd',
    '/etc/passwd',
    '/__proto__/x',
  ])('%j is none', async (path) => {
    const answer = await get(create(), path);
    expect(answer.status).toBe(404);
    expect(await textOf(answer)).toBe('Not found.');
  });

  it.each([
    ['PUT', thumbPath(project, id, 256)],
    ['POST', uploadPath('A'.repeat(24), 'x')],
    ['GET', uploadPath('A'.repeat(24), 'x')],
    ['GET', cameraPath(project, run)],
    ['PUT', cameraPath(project, run)],
    ['POST', downloadPath('A'.repeat(24))],
  ] as const)('%s %s is none either', async (method, path) => {
    expect((await create()({ method, path })).status).toBe(404);
  });
});
