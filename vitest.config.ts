import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { isolationHeaders } from './vite.config.ts';
import { browserArguments, findBrowser } from './tools/browser.ts';

const executablePath = await findBrowser();

export default defineConfig({
  server: { headers: isolationHeaders },
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          environment: 'node',
          // A loaded machine is no failure.
          testTimeout: 60_000,
        },
      },
      {
        server: { headers: isolationHeaders },
        worker: { format: 'es' },
        optimizeDeps: {
          include: [
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-backend-webgpu',
            '@tensorflow/tfjs-backend-wasm',
            'comlink',
            'fast-check',
            'hash-wasm',
            'idb',
            'lit',
            'lit/decorators.js',
            'lit/directives/repeat.js',
            'mediabunny',
            'mpg123-decoder',
            '@wasm-audio-decoders/ogg-vorbis',
            'client-zip',
            'papaparse',
            'valibot',
            'axe-core',
          ],
        },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/browser/hub-server.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath, args: browserArguments } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        test: {
          name: 'crash',
          include: ['tests/crash/**/*.test.ts'],
          environment: 'node',
          testTimeout: 7_200_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          environment: 'node',
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
