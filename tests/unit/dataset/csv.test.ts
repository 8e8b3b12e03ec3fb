import { expect, test } from 'vitest';
import { decodeTableText, parseCsv } from '../../../src/dataset/csv.ts';
import { matchCsv } from '../../../src/dataset/csv-match.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('labels stay text: 007 keeps its zeros, 1e3 and TRUE their spelling', () => {
  const table = parseCsv('path,label\na.wav,007\nb.wav,1e3\nc.wav,TRUE\n', 'labels.csv')!;
  expect(table.rows.map(({ label }) => label)).toEqual(['007', '1e3', 'TRUE']);
});

test('a byte order mark, quoted newlines, doubled quotes and blank lines are read as meant', () => {
  const text =
    '\uFEFFpath,label,speaker,split\r\n"a, b.wav","very\nangry",anna,dev\r\n\r\n"c ""d"".wav",sad,ben,TEST\r\n';
  expect(parseCsv(text, 'labels.csv')).toEqual({
    path: 'labels.csv',
    notices: [],
    rows: [
      { path: 'a, b.wav', label: 'very\nangry', speaker: 'anna', split: 'validation' },
      { path: 'c "d".wav', label: 'sad', speaker: 'ben', split: 'test' },
    ],
  });
});

test('semicolons and tabs separate as well, and columns go by many names in any order', () => {
  expect(parseCsv('Emotion;Actor ID;File_Name\nsad;03;x.wav\n', 'a.csv')!.rows).toEqual([
    { path: 'x.wav', label: 'sad', speaker: '03', split: null },
  ]);
  const commonVoice = 'client_id\tpath\tsentence\tage\taccent\nf00\tclip.mp3\tHello, you\t\tscottish\n';
  expect(parseCsv(commonVoice, 'dev.tsv')!.rows).toEqual([
    { path: 'clip.mp3', label: 'scottish', speaker: 'f00', split: 'validation' },
  ]);
});

test('without a heading the order is path, label, speaker, split', () => {
  expect(parseCsv('a.wav,yes,anna,train\nb.wav,no\n', 'l.csv')!.rows).toEqual([
    { path: 'a.wav', label: 'yes', speaker: 'anna', split: 'train' },
    { path: 'b.wav', label: 'no', speaker: null, split: null },
  ]);
});

test('a table about something else is passed over, an empty one too', () => {
  expect(parseCsv('ActorID,Age,Sex\n1001,51,Male\n', 'demographics.csv')).toBeNull();
  expect(parseCsv('', 'empty.csv')).toBeNull();
});

test('an unclosed quotation mark, an unknown split and rows without a path are said in a sentence', () => {
  const { notices } = parseCsv('path,label,split\na.wav,x,holdout\n,y,train\nb.wav,"z,train\n', 'l.csv')!;
  expect(notices.join('\n')).toMatch(/quotation mark/);
  expect(notices.join('\n')).toMatch(/1 row without a path was/);
  expect(notices.join('\n')).toMatch(/“holdout”/);
});

test('text of old spreadsheets is read: UTF-16 and Windows-1252', () => {
  expect(decodeTableText(Uint8Array.of(0xff, 0xfe, 0xe4, 0, 0x2c, 0))).toBe('ä,');
  expect(decodeTableText(Uint8Array.of(0x66, 0xfc, 0x72))).toBe('für');
  expect(decodeTableText(bytes('für 😀'))).toBe('für 😀');
});

const clips = ['Angry/a.wav', 'Sad/a.wav', 'Sad/b.wav', 'x/é.wav'];
const match = (text: string, path = 'labels.csv') => matchCsv([parseCsv(text, path)!], clips, 'corpus');

test('rows find their files by relative path, from the table, from an absolute path, and by a name only one has', () => {
  for (const written of [
    'Sad/b.wav',
    './Sad/b.wav',
    'Sad\\b.wav',
    'corpus/Sad/b.wav',
    '/home/me/data/Sad/b.wav',
    'C:\\d\\b.wav',
    'B.WAV',
    'b',
  ])
    expect(match(`path,label\n${written},sad\n`).rowOf('Sad/b.wav')?.label, written).toBe('sad');
  expect(match('path,label\n../Sad/b.wav,sad\n', 'meta/labels.csv').rowOf('Sad/b.wav')?.label).toBe('sad');
  expect(match('path,label\nx/e\u0301.wav,sad\n').rowOf('x/é.wav')?.label).toBe('sad');
});

test('a name that two files share is not guessed, and a missing file is set aside by name', () => {
  const labels = match('path,label\na.wav,angry\nSad/b.wav,sad\ngone.wav,sad\n');
  expect(labels.matched).toBe(1);
  expect(labels.missing.map(({ path, errorName }) => [path, errorName])).toEqual([
    ['a.wav', 'MissingFileError'],
    ['gone.wav', 'MissingFileError'],
  ]);
  expect(labels.notices.join('\n')).toMatch(/2 of 3 rows name files .* for example a\.wav/);
  expect(labels.notices.join('\n')).toMatch(/3 clips of 4 are in no row/);
});

test('repeated rows are counted, contradicting ones named, and the first one counts', () => {
  const labels = match('path,label,speaker\nSad/b.wav,sad,\nSad/b.wav,sad,anna\nSad/b.wav,happy,anna\n');
  expect(labels.rowOf('Sad/b.wav')).toMatchObject({ label: 'sad', speaker: 'anna' });
  expect(labels.notices.join('\n')).toMatch(/1 row only repeats/);
  expect(labels.notices.join('\n')).toMatch(/1 row says something else .* Sad\/b\.wav/);
});

test('a table of other files is one notice, not a thousand missing files', () => {
  const labels = match('filename,class\nother1.wav,a\nother2.wav,b\n');
  expect(labels.missing).toEqual([]);
  expect(labels.notices[0]).toMatch(/names none of these clips/);
});
