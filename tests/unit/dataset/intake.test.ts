import { expect, test } from 'vitest';
import { intakeFiles } from '../../../src/dataset/intake.ts';

/** A file as a `webkitdirectory` input gives it. */
function file(path: string, inFolder = true): File {
  const made = new File(['x'], path.slice(path.lastIndexOf('/') + 1));
  if (inFolder) Object.defineProperty(made, 'webkitRelativePath', { value: path });
  return made;
}

test('the folder name is cut off the paths, and files are sorted into audio, tables, rejects and hidden', async () => {
  const found = await intakeFiles(
    [
      'corpus/b/2.WAV',
      'corpus/a/1.flac',
      'corpus/labels.csv',
      'corpus/README.md',
      'corpus/.git/x.wav',
      'corpus/a/._1.flac',
      'corpus/a/Thumbs.db',
      'corpus/odd',
    ].map((path) => file(path)),
  );
  expect(found.name).toBe('corpus');
  expect(found.audio.map(({ path }) => path)).toEqual(['a/1.flac', 'b/2.WAV', 'odd']);
  expect(found.tables.map(({ path }) => path)).toEqual(['labels.csv']);
  expect(found.rejects).toEqual([
    {
      path: 'README.md',
      errorName: 'NotAudioError',
      reason: 'README.md is a text, not a recording; it was set aside.',
    },
  ]);
  expect(found.ignored).toBe(3);
});

test('files without a folder keep their names, and equal names are told apart', async () => {
  const found = await intakeFiles([
    file('a.wav', false),
    file('a.wav', false),
    file('b.wav', false),
    file('a.wav', false),
  ]);
  expect(found.audio.map(({ path }) => path)).toEqual(['a (2).wav', 'a (3).wav', 'a.wav', 'b.wav']);
  expect(found.name).toBe('a.wav and 3 more');
});
