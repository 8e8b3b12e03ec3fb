// `npm run bench -- encode [option=value …]`: × real time of the encoder alone on each device. Without options nano and
// base width on wasm, and both on webgpu where the adapter is hardware (else nano alone, on a short clip). With options one run,
// for example `backend=wasm encoder=large seconds=16 batch=1 rounds=50 plain=true`.
import { hasHardwareAdapter, openBenchPage } from './bench-page.ts';
import type { EncodeFigures, EncodeRequest } from './encode-worker.ts';
import { median } from './median.ts';
import { givenOptions, numberOption, printFigures, type Figure } from './report.ts';

const { page, url, close } = await openBenchPage(['tests/bench/encode-worker.ts']);
try {
  await page.goto(`${url}tests/bench/encode.html`);
  await page.waitForFunction('globalThis.encode');
  const isHardware = await hasHardwareAdapter(page);

  const measure = async (request: EncodeRequest): Promise<void> => {
    const figures = await page.evaluate<EncodeFigures>(`globalThis.encode(${JSON.stringify(request)})`);
    const { batchMs, tensors, bytes, pooledBytes, poolMs, loadMs, device } = figures;
    const audioMs = request.seconds * request.batch * 1000;
    const note = request.backend === 'webgpu' && !isHardware ? 'software adapter' : '';
    const rows: Figure[] = [
      { what: 'encode, median', value: audioMs / median(batchMs), unit: '× real time', note },
      { what: 'encode, best', value: audioMs / Math.min(...batchMs), unit: '× real time', note },
      { what: 'pool alone (CPU)', value: (request.seconds * 1000) / poolMs, unit: '× real time' },
      { what: 'weights made and put on the device', value: loadMs / 1000, unit: 's' },
      {
        what: 'tensors more after the last batch',
        value: tensors[1] - tensors[0],
        unit: '',
        target: { atMost: 0 },
      },
      {
        what: 'bytes more after the last batch',
        value: bytes[1] - bytes[0],
        unit: 'B',
        target: { atMost: 0 },
      },
      { what: 'tensors in all', value: bytes[1] / 1e6, unit: 'MB' },
      { what: 'GPU pool', value: pooledBytes / 1e6, unit: 'MB' },
    ];
    const plain = request.plain ? ', plain operations' : '';
    printFigures(
      `${request.encoder} on ${request.backend}${plain}, ${request.batch} × ${request.seconds} s. ${device}`,
      rows,
    );
  };

  const options = givenOptions();
  if (options.size > 0)
    await measure({
      backend: options.get('backend') === 'webgpu' ? 'webgpu' : 'wasm',
      encoder: encoderName(options.get('encoder')),
      seconds: numberOption(options, 'seconds', 5),
      batch: numberOption(options, 'batch', 1),
      rounds: numberOption(options, 'rounds', 5),
      plain: options.get('plain') === 'true',
    });
  else {
    await measure({ backend: 'wasm', encoder: 'nano', seconds: 5, batch: 4, rounds: 9 });
    await measure({ backend: 'wasm', encoder: 'base', seconds: 5, batch: 1, rounds: 7 });
    if (isHardware) {
      await measure({ backend: 'webgpu', encoder: 'nano', seconds: 5, batch: 16, rounds: 9 });
      await measure({ backend: 'webgpu', encoder: 'base', seconds: 5, batch: 8, rounds: 9 });
    } else await measure({ backend: 'webgpu', encoder: 'nano', seconds: 1, batch: 1, rounds: 1 });
  }
} finally {
  await close();
}

function encoderName(text: string | undefined): EncodeRequest['encoder'] {
  return text === 'base' || text === 'large' ? text : 'nano';
}
