import { expect, test } from 'vitest';
import { stateDigest } from '../../../src/training/checkpoint.ts';
import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { defaultTraining, type TrainingConfig } from '../../../src/training/config.ts';
import { fit } from '../../../src/training/fit.ts';
import { proveResume } from '../../../src/training/prove.ts';
import { blobs, withValidation } from '../../unit/training/blobs.ts';

const data = withValidation(blobs(300, 3, { kind: 'vector', size: 256 }), 44);
/** Large enough that products and updates are shared out. */
const config: TrainingConfig = {
  ...defaultTraining,
  head: { kind: 'mlp', hidden: [520], dropout: 0.1 },
  epochs: 2,
};

test('several threads give the same bits as one', async () => {
  const alone = await openWasmCompute({ threads: false });
  const shared = await openWasmCompute();
  expect(shared.threads).toBe(Math.min(8, navigator.hardwareConcurrency));
  const digests = [];
  for (const compute of [alone, shared]) {
    const { checkpoint } = await fit({ compute, data, config, start: { kind: 'fresh' } });
    digests.push(await stateDigest(checkpoint));
  }
  expect(digests[1]).toBe(digests[0]);
  shared.dispose();
});

test('a restart in the middle of an epoch changes no bit', async () => {
  const compute = await openWasmCompute();
  const proof = await proveResume({ compute, data, config }, 7);
  expect(proof.identical).toBe(true);
  compute.dispose();
});
