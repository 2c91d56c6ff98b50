import sharp from 'sharp';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { loadRenderer } from '../../../src/hosts/web/renderer-files.ts';
import { startWebHost, type WebHost } from '../../../src/hosts/web/host.ts';
import { createDownloads } from '../../../src/service/downloads.ts';
import type { Media } from '../../../src/service/media/media.ts';
import { createPlaces } from '../../../src/service/places.ts';
import type { FakeEngine } from '../../renderer/fake-engine.ts';

/** Different pictures that stand in for all photos. */
const variety = 64;

/** The real web host over a fake engine, with thumbnails that are made before and only have to be sent. */
export async function hostPhotos(engine: FakeEngine, page: string): Promise<WebHost> {
  const pictures = await Promise.all(Array.from({ length: variety }, (_, n) => drawPhoto(n)));
  const media: Media = async ({ path }) => {
    const photo = /^\/thumb\/[^/]+\/([0-9a-f]{64})\//.exec(path)?.[1];
    const body = photo === undefined ? undefined : pictures[Number.parseInt(photo.slice(-4), 16) % variety];
    if (body === undefined) throw new HolotypeError('not-found', `There is nothing at ${path}.`);
    return { status: 200, type: 'image/jpeg', body, length: body.length, maxAge: 3600 };
  };
  return startWebHost({
    service: {
      ...engine.service,
      media,
      places: createPlaces(),
      downloads: createDownloads(),
      log: { write: () => undefined, tail: () => [] },
      logsFolder: '/logs',
      close: async () => undefined,
    },
    renderer: await loadRenderer(page),
    host: '127.0.0.1',
    port: 0,
  });
}

/** A JPEG of 256 by 192 with as much detail as a thumbnail of a leaf has (some 10 kB). */
async function drawPhoto(n: number): Promise<Buffer> {
  const [width, height] = [256, 192];
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at += 1) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const leaf = Math.hypot((x - 128) / 1.6, y - 96) < 70 + 10 * Math.sin(n + x / 9);
    const grain = ((x * 7 + y * 13 + n * 31) ^ (x * y)) & 31;
    pixels[at * 3] = (leaf ? 60 : 120 + n) + grain;
    pixels[at * 3 + 1] = (leaf ? 110 + n : 100) + grain;
    pixels[at * 3 + 2] = (leaf ? 50 : 110) + grain;
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer();
}
