import { formatBytes } from '../lib/format-bytes.ts';
import type { Digest } from './digest128.ts';
import { isPayloadIntact } from './payload.ts';
import type { FenceMeta, IndexedRecord } from './record-index.ts';
import { scanSegment, type SegmentScan } from './scan.ts';
import { recordEnd, segmentHeader, type RecordHead } from './segment.ts';
import type { SegmentFile } from './segment-file.ts';
import { spareSegment, type Segment } from './segment-pool.ts';

/** What the segment files hold, after half-written tails were cut. */
export interface RecoveredSegments {
  readonly segments: readonly Segment[];
  readonly records: readonly IndexedRecord[];
  readonly notices: readonly string[];
  readonly cutBytes: number;
  readonly scanMs: number;
}

/** Scans all files, refuses what a superseded writer wrote, cuts torn tails. Nothing intact is ever removed. */
export async function recoverSegments(
  files: readonly SegmentFile[],
  digest: Digest,
): Promise<RecoveredSegments> {
  const started = performance.now();
  const scans: SegmentScan[] = [];
  for (const file of files) scans.push(await scanSegment(file, digest));
  const scanMs = performance.now() - started;
  const all = scans.flatMap((scan) => scan.records);
  const isRefused = fenceOf(all);
  const lastEpoch = all.reduce((epoch, record) => Math.max(epoch, record.epoch), 0);

  const segments: Segment[] = [];
  const records: IndexedRecord[] = [];
  const notices: string[] = [];
  let cutBytes = 0;
  for (const [i, file] of files.entries()) {
    const scan = scans[i]!;
    const segment = spareSegment(file);
    segments.push(segment);
    if (scan.isFromTheFuture) {
      segment.isSealed = true;
      segment.segmentId = scan.segmentId;
      notices.push(
        `${file.name} was written by a later version of this app and was left alone; reload to update.`,
      );
      continue;
    }
    const accepted = scan.records.filter((record) => !isRefused(record));
    const last = accepted.at(-1);
    // Every append is flushed before the next, so only the last payload of the last session can be torn.
    if (last && last.epoch === lastEpoch && !(await isPayloadIntact(file, last))) accepted.pop();
    const end = accepted.length > 0 ? recordEnd(accepted.at(-1)!) : 0;
    if (file.isWritable && end < scan.sizeBytes) {
      const isBareHead = end === 0 && scan.sizeBytes === segmentHeader.size;
      if (!isBareHead) cutBytes += scan.sizeBytes - end;
      file.truncate(end);
      file.flush();
    }
    if (accepted.length === 0) continue;
    segment.segmentId = scan.segmentId;
    segment.role = scan.head?.role ?? 'shared';
    segment.owner = segment.role === 'own' ? accepted[0]!.job : null;
    segment.end = end;
    segment.isSealed = !file.isWritable || scan.head === null;
    for (const record of accepted) records.push({ ...record, segment });
    for (const gap of scan.gaps)
      if (gap.end <= end)
        notices.push(
          `${formatBytes(gap.end - gap.start)} in ${file.name} are damaged; what was recorded there is redone.`,
        );
  }
  if (cutBytes > 0)
    notices.push(
      `The last write was cut short; its ${formatBytes(cutBytes)} were dropped and that part is redone.`,
    );
  return { segments, records, notices, cutBytes, scanMs };
}

/** Which records were written by a tab whose place another one had already taken. */
function fenceOf(records: readonly RecordHead[]): (record: RecordHead) => boolean {
  const fences = records
    .filter((record) => record.operation === 'fence')
    .map((record) => ({ epoch: record.epoch, ends: (record.meta as FenceMeta).ends }));
  return (record) =>
    fences.some(({ epoch, ends }) => {
      const end = ends[record.segmentId.toString(16)];
      return end !== undefined && record.offset >= end && record.epoch < epoch;
    });
}
