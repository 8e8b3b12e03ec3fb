import { expect, test } from 'vitest';

test('the page is isolated, so that wasm threads can share memory', () => {
  expect(globalThis.crossOriginIsolated).toBe(true);
});

test('a WebGPU adapter answers', async () => {
  const adapter = await navigator.gpu.requestAdapter();
  expect(adapter).not.toBeNull();
});
