import { Rng } from '../../src/lib/rng.ts';
import type { RecordRef, RecordStore } from '../../src/shards/store.ts';
import { rejects, same, sameBytes } from './check.ts';

/** One disk that a case may open stores on, again and again. */
export interface StoreBench {
  /** The first one open writes; a second one reads, unless it takes over. */
  open(options?: { readonly fullBytes?: number; readonly takeOver?: boolean }): Promise<RecordStore>;
  /** Loses the index, as a browser may. No store is open. */
  wipeCatalog(): Promise<void>;
  /** Names and bytes of the segment files. No store is open. */
  files(): Promise<Map<string, Uint8Array<ArrayBuffer>>>;
  /** Overwrites a segment file from outside. No store is open. */
  setFile(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export interface ContractCase {
  readonly title: string;
  run(bench: StoreBench): Promise<void>;
}

export function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const rng = Rng.fromSeed(seed);
  return Uint8Array.from({ length }, () => rng.nextUint32() & 255);
}

/** All of a stream. (Response would turn the store's error into one of its own.) */
async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const all: number[] = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Uint8Array.from(all);
    for (const byte of value) all.push(byte);
  }
}

const namesOf = (refs: readonly RecordRef[]): string[] => refs.map((ref) => `${ref.kind}/${ref.key}`);

async function onlyFile(bench: StoreBench): Promise<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const filled = [...(await bench.files())].filter(([, bytes]) => bytes.length > 0);
  same(filled.length, 1, 'segments in use');
  const [name, bytes] = filled[0]!;
  return { name, bytes };
}

/** What every record store keeps to, whatever disk it runs on. */
export const recordStoreContract: readonly ContractCase[] = [
  {
    title: 'what was appended is listed in order and reads back, also after reopening',
    run: async (bench) => {
      const store = await bench.open();
      const meta = { first: 0, last: 99, name: 'naïve 🙂', none: null, nested: [1, { a: true }] };
      const ref = await store.append('job', 'shard', 'shard_0000-0099', meta, bytesOf(1, 5000));
      await store.append('job', 'spec', '', {}, [bytesOf(2, 10), bytesOf(3, 300)]);
      await store.append('other', 'shard', 'a\nb', 7, new Uint8Array(0));
      const whole = bytesOf(4, 3000);
      const part = bytesOf(5, 100).subarray(10, 20);
      await store.append('handed over', 'shard', '', {}, [whole, part], { isHandedOver: true });
      // A view of a larger buffer stays the caller's.
      sameBytes(part, bytesOf(5, 100).subarray(10, 20));
      const check = async (opened: RecordStore): Promise<void> => {
        same(await opened.jobs(), ['job', 'other', 'handed over']);
        sameBytes(
          await opened.read((await opened.records('handed over'))[0]!),
          new Uint8Array([...bytesOf(4, 3000), ...bytesOf(5, 100).subarray(10, 20)]),
        );
        const refs = await opened.records('job');
        same(namesOf(refs), ['shard/shard_0000-0099', 'spec/']);
        same(refs[0], ref);
        same(refs[0]?.meta, meta);
        same(namesOf(await opened.records('job', 'spec')), ['spec/']);
        sameBytes(await opened.read(refs[0]!), bytesOf(1, 5000));
        sameBytes(await opened.readRange(refs[0]!, 17, 100), bytesOf(1, 5000).subarray(17, 117));
        // Memory given up may hold the answer, and goes round; too small a piece of it is left alone.
        let spare = new ArrayBuffer(4000);
        for (const [offset, length] of [
          [17, 100],
          [0, 4000],
          [100, 4900],
          [4990, 10],
        ] as const) {
          const part = await opened.readRange(refs[0]!, offset, length, spare);
          sameBytes(part.slice(), bytesOf(1, 5000).slice(offset, offset + length));
          if (spare.byteLength === 0) spare = part.buffer;
        }
        sameBytes(await opened.read(refs[1]!), new Uint8Array([...bytesOf(2, 10), ...bytesOf(3, 300)]));
        same((await opened.read((await opened.records('other'))[0]!)).length, 0);
        sameBytes(new Uint8Array(await (await opened.slice(refs[0]!)).arrayBuffer()), bytesOf(1, 5000));
        sameBytes(await collect(opened.stream(refs[0]!)), bytesOf(1, 5000));
      };
      await check(store);
      await store.close();
      const again = await bench.open();
      same(again.recovery.notices, []);
      same(again.recovery.rebuiltCatalog, false);
      await check(again);
      await again.close();
    },
  },
  {
    title: 'a later record replaces an earlier one of the same kind and key; a forgotten one is gone',
    run: async (bench) => {
      const store = await bench.open();
      await store.append('job', 'run', 'state', { step: 1 }, bytesOf(1, 100));
      await store.append('job', 'run', 'kept', {}, bytesOf(2, 100));
      const newer = await store.append('job', 'run', 'state', { step: 2 }, bytesOf(3, 50));
      await store.append('job', 'run', 'passing', {}, bytesOf(4, 100));
      await store.forget('job', 'run', 'passing');
      await store.forget('job', 'run', 'never there');
      await store.close();
      const again = await bench.open();
      same(namesOf(await again.records('job')), ['run/kept', 'run/state']);
      same(await again.find('job', 'run', 'state'), newer);
      same(await again.find('job', 'run', 'passing'), null);
      await again.close();
    },
  },
  {
    title: 'an index that was lost is rebuilt from the segments, and nothing is deleted',
    run: async (bench) => {
      const store = await bench.open();
      for (let i = 0; i < 20; i += 1) await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, 100 * i));
      await store.forget('job', 'shard', 's3');
      const before = await store.records('job');
      await store.close();
      await bench.wipeCatalog();
      const again = await bench.open();
      same(again.recovery.rebuiltCatalog, true);
      same(again.recovery.notices.length, 1);
      same(await again.records('job'), before);
      await again.append('job', 'shard', 's20', {}, bytesOf(20, 10));
      await again.close();
      const third = await bench.open();
      same(third.recovery.rebuiltCatalog, false);
      same((await third.records('job')).length, 20);
      await third.close();
    },
  },
  {
    title: 'a torn tail is cut at every length, and what was acknowledged before it stays',
    run: async (bench) => {
      const store = await bench.open();
      for (let i = 0; i < 3; i += 1) await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, 1000));
      await store.close();
      const { name, bytes } = await onlyFile(bench);
      const lastBytes = (bytes.length - 64) / 3;
      for (const cut of [1, 63, 64, 500, lastBytes - 200, lastBytes - 64, lastBytes - 1]) {
        await bench.setFile(name, bytes.slice(0, bytes.length - cut));
        const torn = await bench.open();
        same(namesOf(await torn.records('job')), ['shard/s0', 'shard/s1'], `after a cut of ${cut}`);
        same(torn.recovery.cutBytes, lastBytes - cut);
        const redone = await torn.append('job', 'shard', 's2', { i: 2 }, bytesOf(2, 1000));
        sameBytes(await torn.read(redone), bytesOf(2, 1000));
        await torn.close();
      }
    },
  },
  {
    title: 'a last record whose bytes never reached the disk is cut',
    run: async (bench) => {
      const store = await bench.open();
      for (let i = 0; i < 3; i += 1) await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, 1000));
      await store.close();
      const { name, bytes } = await onlyFile(bench);
      bytes.fill(0, bytes.length - 512);
      await bench.setFile(name, bytes);
      const torn = await bench.open();
      same(namesOf(await torn.records('job')), ['shard/s0', 'shard/s1']);
      await torn.close();
    },
  },
  {
    title: 'a flipped byte in a payload is found by verify, and only that record counts as absent',
    run: async (bench) => {
      const store = await bench.open();
      for (let i = 0; i < 4; i += 1) await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, 1000));
      same(await store.verify('job'), { checked: 4, damaged: [] });
      await store.close();
      const { name, bytes } = await onlyFile(bench);
      bytes[64 + (bytes.length - 64) / 4 + 600]! ^= 4;
      await bench.setFile(name, bytes);
      const again = await bench.open();
      const s1 = (await again.find('job', 'shard', 's1'))!;
      await rejects(again.read(s1), 'DamagedRecordError');
      await rejects(collect(again.stream(s1)), 'DamagedRecordError');
      const seen: number[] = [];
      const report = await again.verify('job', ({ checked }) => seen.push(checked));
      same(seen, [1, 2, 3, 4]);
      same(namesOf(report.damaged), ['shard/s1']);
      same(namesOf(await again.records('job')), ['shard/s0', 'shard/s2', 'shard/s3']);
      await again.close();
      const third = await bench.open();
      same(namesOf(await third.records('job')), ['shard/s0', 'shard/s2', 'shard/s3']);
      await third.append('job', 'shard', 's1', {}, bytesOf(1, 1000));
      same(await third.verify('job'), { checked: 4, damaged: [] });
      await third.close();
    },
  },
  {
    title: 'a flipped byte in a header loses that record only, and is told',
    run: async (bench) => {
      const store = await bench.open();
      for (let i = 0; i < 4; i += 1) await store.append('job', 'shard', `s${i}`, { i }, bytesOf(i, 1000));
      await store.close();
      const { name, bytes } = await onlyFile(bench);
      bytes[64 + (bytes.length - 64) / 4 + 20]! ^= 1;
      await bench.setFile(name, bytes);
      const again = await bench.open();
      same(namesOf(await again.records('job')), ['shard/s0', 'shard/s2', 'shard/s3']);
      same(again.recovery.cutBytes, 0);
      same(
        again.recovery.notices.some((notice) => notice.includes('s1')),
        true,
        'the lost record is named',
      );
      await again.append('job', 'shard', 's1', {}, bytesOf(1, 1000));
      await again.close();
      const third = await bench.open();
      same((await third.records('job')).length, 4);
      await third.close();
    },
  },
  {
    title: 'records fill several segments, and come back in order',
    run: async (bench) => {
      const store = await bench.open({ fullBytes: 20_000 });
      for (let i = 0; i < 12; i += 1) await store.append('job', 'shard', `s${i}`, {}, bytesOf(i, 7000));
      await store.close();
      const used = [...(await bench.files()).values()].filter((bytes) => bytes.length > 0);
      same(used.length >= 4, true, 'several segments are used');
      const again = await bench.open({ fullBytes: 20_000 });
      const refs = await again.records('job');
      same(
        refs.map((ref) => ref.key),
        Array.from({ length: 12 }, (_, i) => `s${i}`),
      );
      for (const [i, ref] of refs.entries()) sameBytes(await again.read(ref), bytesOf(i, 7000));
      await again.close();
    },
  },
  {
    title: 'compaction frees what was replaced and keeps every live record, its sequence included',
    run: async (bench) => {
      const store = await bench.open({ fullBytes: 50_000 });
      for (let round = 0; round < 3; round += 1)
        for (let i = 0; i < 8; i += 1)
          await store.append('job', 'checkpoint', `c${i}`, { round }, bytesOf(round * 100 + i, 3000));
      await store.append('neighbour', 'spec', '', {}, bytesOf(9, 100));
      await store.forget('job', 'checkpoint', 'c5');
      const before = await store.records('job');
      const { freeableBytes } = await store.space('job');
      const { freedBytes } = await store.compact('job');
      // Depending on which file is emptied first, the tombstone turns out to be needless too.
      const tombstone = 512;
      same(
        freedBytes >= 17 * 3000 && freedBytes <= freeableBytes + tombstone,
        true,
        `freed ${freedBytes} of ${freeableBytes}`,
      );
      const check = async (opened: RecordStore): Promise<void> => {
        same(await opened.records('job'), before);
        for (const ref of before)
          sameBytes(await opened.read(ref), bytesOf(200 + Number(ref.key.slice(1)), 3000));
        same((await opened.records('neighbour')).length, 1);
      };
      await check(store);
      await store.close();
      const again = await bench.open({ fullBytes: 50_000 });
      same(again.recovery.notices, []);
      await check(again);
      same((await again.compact('job')).freedBytes, 0);
      await again.close();
      await bench.wipeCatalog();
      const third = await bench.open();
      await check(third);
      await third.close();
    },
  },
  {
    title: 'a removed job stays removed, its space comes back, and the same name can be used anew',
    run: async (bench) => {
      const store = await bench.open({ fullBytes: 4 << 20 });
      await store.append('small', 'spec', '', {}, bytesOf(1, 100));
      for (let i = 0; i < 12; i += 1)
        await store.append('large', 'shard', `s${i}`, {}, new Uint8Array(1 << 20));
      const freed = await store.removeJob('large');
      same(freed >= 11 << 20, true, `freed ${freed}`);
      same(await store.jobs(), ['small']);
      await store.append('large', 'shard', 's0', { again: true }, bytesOf(2, 100));
      await store.close();
      await bench.wipeCatalog();
      const again = await bench.open();
      same(await again.jobs(), ['small', 'large']);
      same((await again.records('large')).length, 1);
      same(await again.removeJob('never there'), 0);
      await again.close();
      let total = 0;
      for (const bytes of (await bench.files()).values()) total += bytes.length;
      same(total < 2 << 20, true, `${total} bytes are left`);
    },
  },
  {
    title: 'a second tab reads, follows the changes of the first, and cannot write',
    run: async (bench) => {
      const writer = await bench.open();
      await writer.append('job', 'shard', 's0', {}, bytesOf(0, 1000));
      const reader = await bench.open();
      same([writer.writable, reader.writable], [true, false]);
      same((await reader.records('job')).length, 1);
      await rejects(reader.append('job', 'shard', 's1', {}, bytesOf(1, 10)), 'NotWriterError');
      await rejects(reader.removeJob('job'), 'NotWriterError');
      const told = new Promise<void>((resolve) => {
        reader.subscribe(({ jobs }) => jobs.includes('job') && resolve());
      });
      await writer.append('job', 'shard', 's1', {}, bytesOf(1, 1000));
      await told;
      const refs = await reader.records('job');
      same(namesOf(refs), ['shard/s0', 'shard/s1']);
      for (const [i, ref] of refs.entries()) sameBytes(await reader.read(ref), bytesOf(i, 1000));
      await writer.append('job', 'shard', 's0', {}, bytesOf(5, 500));
      await writer.compact('job');
      sameBytes(await reader.read(refs[1]!), bytesOf(1, 1000), 'a record that moved');
      await reader.close();
      await writer.close();
      const next = await bench.open();
      same(next.writable, true);
      await next.close();
    },
  },
  {
    title: 'a writer whose place was taken is refused, and what it adds does not count',
    run: async (bench) => {
      const stale = await bench.open();
      await stale.append('job', 'shard', 's0', {}, bytesOf(0, 1000));
      const taker = await bench.open({ takeOver: true });
      same(taker.writable, true);
      await rejects(stale.append('job', 'shard', 's0', {}, bytesOf(9, 1000)), 'StaleWriterError');
      await taker.append('job', 'shard', 's1', {}, bytesOf(1, 1000));
      sameBytes(await taker.read((await taker.find('job', 'shard', 's0'))!), bytesOf(0, 1000));
      await stale.close();
      await taker.close();
      const again = await bench.open();
      same(namesOf(await again.records('job')), ['shard/s0', 'shard/s1']);
      for (const [i, ref] of (await again.records('job')).entries())
        sameBytes(await again.read(ref), bytesOf(i, 1000));
      await again.close();
    },
  },
  {
    title: 'hundreds of small records at once are all there, in the order they were asked for',
    run: async (bench) => {
      const store = await bench.open();
      await Promise.all(
        Array.from({ length: 400 }, (_, i) =>
          store.append('run', 'checkpoint', `step ${i}`, { i }, bytesOf(i, i % 90)),
        ),
      );
      await store.close();
      const again = await bench.open();
      const refs = await again.records('run');
      same(
        refs.map((ref) => ref.key),
        Array.from({ length: 400 }, (_, i) => `step ${i}`),
      );
      same(await again.verify('run'), { checked: 400, damaged: [] });
      await again.close();
    },
  },
];
