// Makes the app's icons out of src/renderer/mark.svg: one large picture, from which the packager makes those of
// Windows and macOS, and one of each size for Linux. What it makes is kept in the repository.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { root } from './esbuild-options.mjs';

const mark = readFileSync(`${root}src/renderer/mark.svg`);
const folder = `${root}resources/icons`;

/** The mark with a margin around it, as systems' own icons have it. */
async function icon(size) {
  const inner = Math.round(size * 0.86);
  const picture = await sharp(mark, { density: (72 * inner) / 32 })
    .resize(inner, inner)
    .png()
    .toBuffer();
  const before = Math.floor((size - inner) / 2);
  const after = size - inner - before;
  return sharp(picture)
    .extend({
      top: before,
      left: before,
      bottom: after,
      right: after,
      background: { r: 0, g: 0, b: 0, alpha: 0 },
    })
    .png({ compressionLevel: 9, palette: true })
    .toBuffer();
}

mkdirSync(folder, { recursive: true });
writeFileSync(`${root}resources/icon.png`, await icon(1024));
for (const size of [16, 32, 48, 64, 128, 256, 512])
  writeFileSync(`${folder}/${size}x${size}.png`, await icon(size));
