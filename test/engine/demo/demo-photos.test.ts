import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { demoClasses, demoPhotos, type DemoPhoto } from '../../../src/engine/demo/index.ts';

async function collect(seed: number, perClass: number): Promise<DemoPhoto[]> {
  const photos: DemoPhoto[] = [];
  for await (const photo of demoPhotos({ seed, perClass })) photos.push(photo);
  return photos;
}

/** Mean RGB of the middle of a photo, where the leaf is. */
async function middle(photo: DemoPhoto): Promise<{ red: number; green: number; blue: number }> {
  const { width, height } = await sharp(photo.bytes).metadata();
  const region = {
    left: Math.floor(width / 4),
    top: Math.floor(height / 4),
    width: Math.floor(width / 2),
    height: Math.floor(height / 2),
  };
  const { channels } = await sharp(await sharp(photo.bytes).extract(region).toBuffer()).stats();
  const [red, green, blue] = channels.map((channel) => channel.mean);
  return { red: red ?? 0, green: green ?? 0, blue: blue ?? 0 };
}

describe('demo photos', () => {
  it('are balanced, named by class, and distinct', async () => {
    const photos = await collect(1, 3);
    expect(photos.map((photo) => photo.path).sort()).toEqual(
      demoClasses.flatMap((kind) => [1, 2, 3].map((n) => `${kind}/leaf-00${n}.jpg`)).sort(),
    );
    expect(new Set(photos.map((photo) => Buffer.from(photo.bytes).toString('base64'))).size).toBe(9);
  });

  it('are JPEGs of about 320 x 240 in sRGB', async () => {
    for (const photo of await collect(2, 2)) {
      const { data, info } = await sharp(photo.bytes).raw().toBuffer({ resolveWithObject: true });
      expect((await sharp(photo.bytes).metadata()).format).toBe('jpeg');
      expect(info.channels).toBe(3);
      expect(info.width * info.height).toBeGreaterThan(60_000);
      expect(info.width * info.height).toBeLessThan(100_000);
      // A photo, not a flat colour or a picture drowned in black or white.
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      expect(mean).toBeGreaterThan(15);
      expect(mean).toBeLessThan(240);
      expect(photo.bytes.length).toBeGreaterThan(4_000);
    }
  });

  it('repeat byte for byte with the same seed, however many are drawn, and differ with another', async () => {
    const [few, many, other] = [await collect(7, 1), await collect(7, 2), await collect(8, 1)];
    const bytesOf = (photos: DemoPhoto[], path: string): Uint8Array | undefined =>
      photos.find((photo) => photo.path === path)?.bytes;
    for (const photo of few) {
      expect(bytesOf(many, photo.path)).toEqual(photo.bytes);
      expect(bytesOf(other, photo.path)).not.toEqual(photo.bytes);
    }
  });

  it('show their disease: rusty leaves are redder, mildewed ones less colourful than healthy ones', async () => {
    const redness = new Map<string, number>();
    const colourfulness = new Map<string, number>();
    for (const photo of await collect(11, 10)) {
      const kind = photo.path.split('/')[0] ?? '';
      const { red, green, blue } = await middle(photo);
      redness.set(kind, (redness.get(kind) ?? 0) + red / (red + green + blue));
      colourfulness.set(kind, (colourfulness.get(kind) ?? 0) + (green - blue) / (red + green + blue));
    }
    expect(redness.get('rust')).toBeGreaterThan(redness.get('healthy') ?? 99);
    expect(colourfulness.get('mildew')).toBeLessThan(colourfulness.get('healthy') ?? -99);
  });

  it('stop when asked to', async () => {
    const controller = new AbortController();
    const drawn: string[] = [];
    await expect(async () => {
      for await (const photo of demoPhotos({ seed: 1, perClass: 50, signal: controller.signal })) {
        drawn.push(photo.path);
        controller.abort();
      }
    }).rejects.toThrow(/abort/i);
    expect(drawn).toHaveLength(1);
  });

  it.each([0, -1, 2.5, Number.NaN])('refuse %s photos a class', async (perClass) => {
    await expect(collect(1, perClass)).rejects.toThrow(/whole number/);
  });
});
