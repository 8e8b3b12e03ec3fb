import { expect, test } from 'vitest';
import { layerWeights } from '../../src/training/heads/layer-mix.ts';

test('layer weights are the softmax of what was learned, and none where no layers are mixed', () => {
  const mixed = {
    parameters: [
      { name: 'mix.weight', values: Float32Array.from([0, Math.log(3)]) },
      { name: 'output.weight', values: Float32Array.from([5, 6]) },
    ],
  };
  const weights = layerWeights(mixed);
  expect(weights?.[0]).toBeCloseTo(0.25, 6);
  expect(weights?.[1]).toBeCloseTo(0.75, 6);
  expect(layerWeights({ parameters: mixed.parameters.slice(1) })).toBeNull();
});
