import { expect, test } from 'vitest';
import reference from '../fixtures/training/reference.json' with { type: 'json' };
import { Rng } from '../../src/lib/rng.ts';
import { sizeOf, type Compute, type DeviceArray } from '../../src/training/compute/compute.ts';
import { collectBatch } from '../../src/training/examples.ts';
import type { FeatureLayout } from '../../src/training/heads/head.ts';
import { createHead, type HeadConfig } from '../../src/training/heads/registry.ts';
import { applyLoss, plainCrossEntropy, softTargets, supervisedContrastive } from '../../src/training/loss.ts';
import { updateParameter, type OptimizerConfig } from '../../src/training/optimizer.ts';
import { Tape, type Value } from '../../src/training/tape.ts';
import { blobs } from '../unit/training/blobs.ts';

/** What every device has to compute: PyTorch's numbers, and gradients that agree with finite differences. */
export function computeContract(open: () => Promise<Compute>): void {
  let opened: Promise<Compute> | null = null;
  const device = (): Promise<Compute> => (opened ??= open());

  const evaluate = async (work: (compute: Compute) => DeviceArray): Promise<Float32Array> => {
    const compute = await device();
    const captured = compute.scope(() => compute.capture(work(compute)));
    return compute.readCaptured([captured]);
  };

  test.each(reference.optimizers.map((one) => [`${one.kind} ${JSON.stringify(one.options)}`, one] as const))(
    'PyTorch’s parameters after 200 steps: %s',
    async (_name, { kind, options, parameters }) => {
      const compute = await device();
      const config: OptimizerConfig =
        kind === 'adamw'
          ? {
              kind,
              learningRate: options.lr,
              beta1: options.betas![0]!,
              beta2: options.betas![1]!,
              epsilon: options.eps!,
              weightDecay: options.weight_decay,
            }
          : {
              kind: 'sgd',
              learningRate: options.lr,
              momentum: options.momentum!,
              nesterov: options.nesterov!,
              weightDecay: options.weight_decay,
            };
      const count = 11;
      const parameter = compute.persistent(wave(count, 0.5), [count]);
      const slots = (kind === 'adamw' ? [0, 1] : options.momentum! > 0 ? [0] : []).map(() =>
        compute.persistent(new Float32Array(count), [count]),
      );
      for (let step = 1; step <= 200; step += 1) {
        compute.scope(() =>
          updateParameter(
            compute,
            config,
            parameter,
            compute.upload(wave(count, step), [count]),
            slots,
            options.lr,
            step,
          ),
        );
        const expected = (parameters as Record<string, number[]>)[step];
        if (expected) expectClose(await compute.read(parameter), expected, 1e-5);
      }
      for (const array of [parameter, ...slots]) compute.free(array);
    },
  );

  test('gradients are clipped by their common norm as PyTorch does, and left alone below it', async () => {
    const { a, b } = reference.clip;
    const clip = (limit: number): Promise<Float32Array> =>
      evaluate((compute) => {
        const four = compute.scale(compute.upload(wave(5, 7), [1, 5]), 4);
        const [first, second] = compute.clipByNorm([compute.upload(wave(11, 3), [11]), four], limit);
        const padded = compute.matmul(second!, compute.upload(identity(5, 11), [5, 11]));
        return compute.add(compute.scale(first!, 1000), compute.reshape(padded, [11]));
      });
    const expected = a.map((value, i) => 1000 * value + (b[i] ?? 0));
    expectClose(await clip(1.5), expected, 1e-3);
    const free = Array.from(wave(11, 3), (value, i) => 1000 * value + (i < 5 ? 4 * wave(5, 7)[i]! : 0));
    expectClose(await clip(1e6), free, 1e-3);
  });

  test.each(reference.crossEntropy.map((one, i) => [i, one] as const))(
    'PyTorch’s cross-entropy with class weights and smoothing, case %i',
    async (_i, { logits, labels, weights, smoothing, loss, gradient }) => {
      const wanted = softTargets(Int32Array.from(labels), 4, weights ?? [1, 1, 1, 1], smoothing);
      const compute = await device();
      const captured = compute.scope(() => {
        const result = compute.crossEntropy(
          compute.upload(Float32Array.from(logits), [9, 4]),
          compute.upload(wanted, [9, 4]),
          Int32Array.from(labels),
        );
        return [compute.capture(result.summary), compute.capture(result.gradient)];
      });
      const values = await compute.readCaptured(captured);
      expect(values[0]).toBeCloseTo(loss, 5);
      const right = labels.filter((label, row) => {
        const scores = logits.slice(row * 4, row * 4 + 4);
        return scores[label] === Math.max(...scores);
      });
      expect(values[1]).toBe(right.length);
      expectClose(values.subarray(2), gradient, 1e-6);
    },
  );

  test('the supervised contrastive loss and its gradient are those of autograd', async () => {
    const { x, labels, temperature, loss, gradient } = reference.contrastive;
    const compute = await device();
    const captured = compute.scope(() => {
      const features = compute.upload(Float32Array.from(x), [10, 6]);
      const term = supervisedContrastive(compute, features, Int32Array.from(labels), temperature);
      return [compute.capture(term.summary), compute.capture(term.gradient)];
    });
    const values = await compute.readCaptured(captured);
    expect(values[0]).toBeCloseTo(loss, 5);
    expectClose(values.subarray(2), gradient, 1e-5);
  });

  test('products of every transposition and awkward size', async () => {
    const rng = Rng.fromSeed(5);
    const sizes = [
      [7, 5, 3],
      [4, 8, 256],
      [9, 13, 300],
      [1, 33, 17],
      [65, 40, 5],
    ] as const;
    for (const [rows, columns, depth] of sizes)
      for (const [transposeA, transposeB] of [
        [false, false],
        [false, true],
        [true, false],
      ] as const) {
        const a = Float32Array.from({ length: rows * depth }, () => rng.nextGaussian());
        const b = Float32Array.from({ length: depth * columns }, () => rng.nextGaussian());
        const out = await evaluate((compute) =>
          compute.matmul(
            compute.upload(a, transposeA ? [depth, rows] : [rows, depth]),
            compute.upload(b, transposeB ? [columns, depth] : [depth, columns]),
            transposeA,
            transposeB,
          ),
        );
        const expected: number[] = [];
        for (let i = 0; i < rows; i += 1)
          for (let j = 0; j < columns; j += 1) {
            let sum = 0;
            for (let k = 0; k < depth; k += 1)
              sum +=
                a[transposeA ? k * rows + i : i * depth + k]! *
                b[transposeB ? j * depth + k : k * columns + j]!;
            expected.push(sum);
          }
        expectClose(out, expected, 1e-4);
      }
  });

  const heads: readonly (readonly [HeadConfig, FeatureLayout])[] = [
    [{ kind: 'linear' }, { kind: 'vector', size: 5 }],
    [
      { kind: 'mlp', hidden: [7, 4], dropout: 0.25 },
      { kind: 'vector', size: 5 },
    ],
    [
      { kind: 'layer-mix', hidden: [], dropout: 0 },
      { kind: 'layers', layers: 3, size: 4 },
    ],
    [
      { kind: 'layer-mix', hidden: [6], dropout: 0 },
      { kind: 'layers', layers: 3, size: 4 },
    ],
    [
      { kind: 'attention', attentionSize: 5, hidden: [6], dropout: 0 },
      { kind: 'frames', size: 3 },
    ],
  ];
  test.each(heads.map(([config, layout]) => [JSON.stringify(config), config, layout] as const))(
    'gradients agree with finite differences: %s',
    async (_name, config, layout) => {
      const compute = await device();
      const examples = blobs(8, 3, layout, 4, 0.5);
      const { features, shape, frameCounts, labels } = collectBatch(
        examples,
        Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7]),
      );
      const head = createHead(config, layout, 3);
      const rng = Rng.fromSeed(9);
      const parameters = new Map(
        head.parameters.map(({ name, shape: sides }) => [
          name,
          {
            shape: sides,
            values: Float32Array.from({ length: sizeOf(sides) }, () => 0.6 * rng.nextGaussian()),
          },
        ]),
      );
      const loss = { ...plainCrossEntropy, labelSmoothing: 0.1 };
      const contrastive =
        config.kind === 'linear' ? loss : { ...loss, contrastive: { weight: 0.5, temperature: 0.5 } };
      const pass = (): {
        run: readonly { name: string; at: number }[];
        captured: ReturnType<Compute['capture']>[];
      } =>
        compute.scope(() => {
          const tape = new Tape(compute, Rng.fromSeed(2));
          const values = new Map<string, Value>();
          for (const [name, { values: numbers, shape: sides }] of parameters)
            values.set(name, tape.value(compute.upload(numbers.slice(), sides), true));
          const output = head.forward(tape, (name) => values.get(name)!, {
            features: compute.upload(features, shape),
            frameCounts,
          });
          const summary = applyLoss(tape, output, labels, contrastive, [1, 2, 1]);
          tape.backward();
          const captured = [compute.capture(summary)];
          const run: { name: string; at: number }[] = [];
          let at = 2;
          for (const [name, value] of values) {
            run.push({ name, at });
            captured.push(compute.capture(value.gradient!));
            at += sizeOf(value.array.shape);
          }
          return { run, captured };
        });
      const read = async (): Promise<Float32Array> => compute.readCaptured(pass().captured);
      const { run } = pass();
      const analytic = await read();
      for (const { name, at } of run) {
        const { values } = parameters.get(name)!;
        for (const i of [0, Math.floor(values.length / 2), values.length - 1]) {
          const held = values[i]!;
          const width = 2e-3;
          values[i] = held + width;
          const [above = 0] = await read();
          values[i] = held - width;
          const [below = 0] = await read();
          values[i] = held;
          const numeric = (above - below) / (2 * width);
          expect(Math.abs(numeric - analytic[at + i]!), `${name}[${i}]`).toBeLessThan(
            2e-3 + 2e-2 * Math.abs(numeric),
          );
        }
      }
    },
  );

  test('thirty clipped AdamW steps of a small network follow PyTorch', async () => {
    const compute = await device();
    const { x, initial, losses, final } = reference.mlp;
    const head = createHead({ kind: 'mlp', hidden: [8], dropout: 0 }, { kind: 'vector', size: 6 }, 3);
    const torchNames: Record<string, keyof typeof initial> = {
      'hidden.0.weight': '0.weight',
      'hidden.0.bias': '0.bias',
      'output.weight': '2.weight',
      'output.bias': '2.bias',
    };
    const arrays = head.parameters.map(({ name, shape }) => ({
      name,
      array: compute.persistent(Float32Array.from(initial[torchNames[name]!]), shape),
      slots: [0, 1].map(() => compute.persistent(new Float32Array(sizeOf(shape)), shape)),
    }));
    const labels = Int32Array.from({ length: 12 }, (_, i) => i % 3);
    const optimizer = {
      kind: 'adamw',
      learningRate: 0.02,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
    } as const;
    const captured = losses.map((_, step) =>
      compute.scope(() => {
        const tape = new Tape(compute, Rng.fromSeed(1));
        const values = new Map(arrays.map(({ name, array }) => [name, tape.value(array, true)]));
        const output = head.forward(tape, (name) => values.get(name)!, {
          features: compute.upload(Float32Array.from(x), [12, 6]),
          frameCounts: null,
        });
        const summary = compute.capture(
          applyLoss(tape, output, labels, { ...plainCrossEntropy, labelSmoothing: 0.1 }, [1, 1, 1]),
        );
        tape.backward();
        const gradients = compute.clipByNorm(
          arrays.map(({ name }) => values.get(name)!.gradient!),
          0.5,
        );
        arrays.forEach(({ array, slots }, i) =>
          updateParameter(compute, optimizer, array, gradients[i]!, slots, 0.02, step + 1),
        );
        return summary;
      }),
    );
    const seen = await compute.readCaptured(captured);
    losses.forEach((loss, step) => expect(seen[2 * step]).toBeCloseTo(loss, 4));
    for (const { name, array, slots } of arrays) {
      expectClose(await compute.read(array), final[torchNames[name]!], 1e-4);
      for (const one of [array, ...slots]) compute.free(one);
    }
  });
}

function wave(count: number, t: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(0.7 * i + 0.3 * t) * Math.cos(0.13 * i * t));
}

function identity(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) =>
    Math.floor(at / columns) === at % columns ? 1 : 0,
  );
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i += 1) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
  expect(worst).toBeLessThanOrEqual(tolerance);
}
