import { describe, expect, it } from 'vitest';
import { cameraFacts } from '../../../src/engine/data/camera-facts.ts';
import { plainPhoto } from './photo-fixtures.ts';

type Exif = Parameters<ReturnType<typeof plainPhoto>['withExif']>[0];
const facts = async (exif: Exif) => {
  const bytes = await plainPhoto(8, 8, 'red').withExif(exif).jpeg().toBuffer();
  return Object.fromEntries((await cameraFacts(bytes)).map(({ name, value }) => [name, value]));
};

describe('what a photo says of itself', () => {
  it('is put into words', async () => {
    expect(
      await facts({
        IFD0: {
          Make: 'Canon',
          Model: 'Canon EOS 80D',
          Software: 'darktable',
          Artist: 'Ada',
          ImageDescription: 'Blatt',
        },
        IFD2: {
          ExposureTime: '1/250',
          FNumber: '28/10',
          ISOSpeedRatings: '200',
          FocalLength: '50/1',
          FocalLengthIn35mmFilm: '80',
          LensModel: 'EF50mm f/1.8',
        },
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '48/1 8/1 1356/100',
          GPSLongitudeRef: 'W',
          GPSLongitude: '11/1 34/1 3144/100',
        },
      }),
    ).toEqual({
      Camera: 'Canon EOS 80D',
      Lens: 'EF50mm f/1.8',
      Exposure: '1/250 s, f/2.8, ISO 200',
      'Focal length': '50 mm (like 80 mm on full frame)',
      Place: '48.13710° N, 11.57540° W',
      Description: 'Blatt',
      Author: 'Ada',
      Program: 'darktable',
    });
  });

  it('names the maker where the model does not', async () => {
    expect(await facts({ IFD0: { Make: 'SONY', Model: 'ILCE-7M3' } })).toEqual({ Camera: 'SONY ILCE-7M3' });
    expect(await facts({ IFD2: { ExposureTime: '2/1', FNumber: '0/1' } })).toEqual({ Exposure: '2 s' });
  });

  it('is nothing where there is nothing, or nonsense', async () => {
    expect(await cameraFacts(await plainPhoto(8, 8, 'red').png().toBuffer())).toEqual([]);
    expect(await cameraFacts(Buffer.from('no photo'))).toEqual([]);
    expect(await cameraFacts(new Uint8Array())).toEqual([]);
    expect(
      await facts({
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '0/1 0/1 0/1',
          GPSLongitudeRef: 'E',
          GPSLongitude: '0/1 0/1 0/1',
        },
      }),
    ).toEqual({});
  });
});
