/** What the installers are made of; making them takes the Electron binary, which the tests do without. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);
interface Config {
  readonly asar: boolean;
  readonly asarUnpack: readonly string[];
  readonly files: readonly string[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly npmRebuild: boolean;
  readonly [system: string]: unknown;
}
const config = require('../../electron-builder.config.cjs') as Config;
const { main, scripts, dependencies } = require('../../package.json') as {
  main: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};

describe('the installers', () => {
  it('shut what a packaged app has no need for', () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableCookieEncryption: true,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('hold what the app loads, in one archive but for native libraries', () => {
    expect(config.asar).toBe(true);
    const [folder] = main.split('/');
    expect(config.files).toContain(`${folder}/**`);
    // The main process starts its programs from there.
    expect(readFileSync(`${root}electron/main/index.ts`, 'utf8')).toContain(
      '../../dist/node/desktop-engine.mjs',
    );
    for (const part of ['dist/node/**', 'models/**', 'package.json']) expect(config.files).toContain(part);
    for (const native of ['onnxruntime-node', '@img'])
      expect(config.asarUnpack.some((pattern) => pattern.includes(native))).toBe(true);
    for (const name of ['onnxruntime-node', 'sharp']) expect(dependencies[name]).toBeDefined();
  });

  it('are there for the three systems, with their icons', async () => {
    expect(config['linux']).toMatchObject({ target: ['AppImage', 'deb'] });
    expect(config['mac']).toMatchObject({ target: ['dmg'], hardenedRuntime: true });
    expect(config['win']).toMatchObject({ target: ['nsis'] });
    const { width, height, hasAlpha } = await sharp(`${root}resources/icon.png`).metadata();
    expect([width, height, hasAlpha]).toEqual([1024, 1024, true]);
    for (const size of [16, 32, 48, 64, 128, 256, 512]) {
      const icon = await sharp(`${root}resources/icons/${size}x${size}.png`).metadata();
      expect([icon.width, icon.height]).toEqual([size, size]);
    }
    expect(existsSync(`${root}resources/entitlements.mac.plist`)).toBe(true);
  });

  it('ask for the camera in words where the system asks', () => {
    expect(config['mac']).toMatchObject({
      extendInfo: { NSCameraUsageDescription: expect.stringContaining('camera') },
    });
  });

  it('are made by one command, with a packager of a fixed version', () => {
    expect(scripts['package']).toMatch(/^npm run build && .*electron-builder@26\.17\.0 /);
    expect(scripts['package']).toContain('electron-builder.config.cjs');
  });
});
