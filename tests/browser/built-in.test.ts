import { expect, test } from 'vitest';
import { openBuiltIn } from '../../src/encoder/built-in.ts';
import { weightsHash } from '../../src/encoder/checkpoint/weights-hash.ts';

test('the built-in encoder opens from the files beside the page, the same weights each time', async () => {
  const { checkpoint } = await openBuiltIn();
  expect(checkpoint.config.modelType).toBe('wavlm');
  expect(checkpoint.config.convLayers).toHaveLength(7);
  const again = await openBuiltIn();
  expect(await weightsHash(again.checkpoint)).toBe(await weightsHash(checkpoint));
});

test('without the page’s files a sentence says so', async () => {
  await expect(openBuiltIn(new URL('/nowhere/', location.href))).rejects.toThrow(/config\.json/);
});
