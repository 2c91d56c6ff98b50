// How `npm run package` makes installers (electron-builder 26). Built before: dist/node and out.

/** ONNX Runtime comes with the libraries of all systems; each installer takes those of its own. */
const runtimeOf = (...others) =>
  others.map((system) => `!**/node_modules/onnxruntime-node/bin/napi-v*/${system}/**`);

module.exports = {
  appId: 'app.holotype.desktop',
  productName: 'Holotype',
  copyright: 'Copyright © 2026 The Holotype authors',
  directories: { output: 'release', buildResources: 'resources' },
  files: [
    'package.json',
    'LICENSE',
    'dist/node/**',
    'out/**',
    'models/**',
    '!**/*.map',
    '!**/node_modules/**/*.d.{ts,mts,cts}',
  ],
  asar: true,
  // The system loads native libraries from real files only.
  asarUnpack: ['**/node_modules/onnxruntime-node/bin/**', '**/node_modules/@img/**', '**/*.node'],
  // They come ready-made for all versions of Node (N-API): there is nothing to compile.
  npmRebuild: false,
  // What a packaged app has no need for, and an intruder would: see Electron's page on fuses.
  electronFuses: {
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    grantFileProtocolExtraPrivileges: false,
  },
  publish: null,
  linux: {
    target: ['AppImage', 'deb'],
    category: 'Science',
    synopsis: 'Teach an image classifier from your own photos, offline',
    maintainer: 'The Holotype authors <holotype@holotype.invalid>',
    icon: 'resources/icons',
    files: runtimeOf('darwin', 'win32'),
  },
  mac: {
    target: ['dmg'],
    category: 'public.app-category.photography',
    icon: 'resources/icon.png',
    files: runtimeOf('linux', 'win32'),
    hardenedRuntime: true,
    entitlements: 'resources/entitlements.mac.plist',
    entitlementsInherit: 'resources/entitlements.mac.plist',
    extendInfo: {
      NSCameraUsageDescription: 'To show what your model makes of what the camera sees. No picture is kept.',
    },
  },
  win: {
    target: ['nsis'],
    icon: 'resources/icon.png',
    files: runtimeOf('linux', 'darwin'),
  },
  nsis: { oneClick: false, allowToChangeInstallationDirectory: true, deleteAppDataOnUninstall: false },
};
