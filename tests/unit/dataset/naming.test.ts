import { expect, test } from 'vitest';
import { detectScheme, LABEL_SCHEMES, labelScheme } from '../../../src/dataset/naming.ts';

const read = (id: string, path: string) => {
  const reading = labelScheme(id)!.read(path, null);
  return reading && [reading.label, reading.speaker];
};

test('each corpus is read by its own habit', () => {
  expect(read('crema-d', 'AudioWAV/1001_DFA_ANG_XX.wav')).toEqual(['anger', '1001']);
  expect(read('crema-d', '1040_ITH_SAD_X.wav')).toEqual(['sad', '1040']);
  expect(read('ravdess', 'Actor_12/03-01-05-01-02-01-12.wav')).toEqual(['angry', '12']);
  expect(read('ravdess', '03-01-09-01-02-01-12.wav')).toBeNull();
  expect(read('emo-db', 'wav/03a01Wa.wav')).toEqual(['anger', '03']);
  expect(read('emo-db', '16b10Td.wav')).toEqual(['sadness', '16']);
  expect(read('tess', 'YAF_pleasant_surprised/YAF_back_ps.wav')).toEqual(['surprise', 'YAF']);
  expect(read('tess', 'OA_bite_neutral.wav')).toEqual(['neutral', 'OAF']);
  expect(read('savee', 'DC/sa03.wav')).toEqual(['sadness', 'DC']);
  expect(read('savee', 'KL_n30.wav')).toEqual(['neutral', 'KL']);
  expect(read('savee', 'others/a01.wav')).toBeNull();
  expect(read('fsdd', 'recordings/7_jackson_32.wav')).toEqual(['7', 'jackson']);
  expect(read('fsdd-speakers', 'recordings/7_jackson_32.wav')).toEqual(['jackson', 'jackson']);
  expect(read('speech-commands', 'yes/0a7c2a8d_nohash_0.wav')).toEqual(['yes', '0a7c2a8d']);
  expect(read('librispeech', '84/121123/84-121123-0001.flac')).toEqual(['84', '84']);
  expect(read('vctk', 'p225/p225_001_mic1.flac')).toEqual(['p225', 'p225']);
  expect(read('folder', 'a/angry/x.wav')).toEqual(['angry', null]);
  expect(read('speaker-folder', 'a/angry/x.wav')).toEqual(['angry', 'a']);
  expect(read('label-folder', 'a/angry/x.wav')).toEqual(['a', 'angry']);
  expect(read('none', 'x.wav')).toEqual([null, null]);
});

test('every file-name habit reads its own example, and ids are unique', () => {
  for (const scheme of LABEL_SCHEMES.filter(({ fromFileName }) => fromFileName))
    expect(scheme.read(scheme.example.split(' or ')[0]!, null), scheme.id).not.toBeNull();
  expect(new Set(LABEL_SCHEMES.map(({ id }) => id)).size).toBe(LABEL_SCHEMES.length);
});

const detect = (paths: readonly string[], csv: readonly string[] = []) =>
  detectScheme(paths, (path) =>
    csv.includes(path) ? { path, label: 'x', speaker: null, split: null } : null,
  ).id;

test('the habit is recognised from the paths', () => {
  expect(detect(['1001_DFA_ANG_XX.wav', '1002_DFA_SAD_XX.wav'])).toBe('crema-d');
  expect(detect(['Actor_01/03-01-05-01-02-01-01.wav', 'Actor_02/03-01-04-01-02-01-02.wav'])).toBe('ravdess');
  expect(detect(['wav/03a01Wa.wav', 'wav/08a02Fb.wav'])).toBe('emo-db');
  expect(
    detect(['OAF_angry/OAF_back_angry.wav', 'YAF_angry/YAF_back_angry.wav', 'OAF_Sad/OAF_back_sad.wav']),
  ).toBe('tess');
  expect(detect(['DC/a01.wav', 'JE/sa02.wav'])).toBe('savee');
  expect(detect(['recordings/7_jackson_32.wav', 'recordings/0_theo_1.wav'])).toBe('fsdd');
  expect(detect(['yes/anna.wav', 'no/anna.wav'])).toBe('folder');
  expect(detect(['all/anna.wav', 'all/ben.wav'])).toBe('none');
  expect(detect(['anna.wav', 'ben.wav'])).toBe('none');
  expect(detect([])).toBe('none');
});

test("the person's own folders go before file names that say the same", () => {
  expect(detect(['Angry/03a01Wa.wav', 'Angry/08a01Wa.wav', 'Sad/03a01Ta.wav'])).toBe('folder');
  expect(detect(['train/03a01Wa.wav', 'test/08a01Wa.wav', 'test/03a01Ta.wav'])).toBe('emo-db');
});

test('one stray file in ten does not hide a habit, more do', () => {
  const digits = Array.from({ length: 9 }, (_, i) => `${i}_theo_1.wav`);
  expect(detect([...digits, 'noise.wav'])).toBe('fsdd');
  expect(detect([...digits, 'noise.wav', 'other.wav'])).toBe('none');
});

test('a CSV goes first when it labels at least half of the clips', () => {
  const paths = ['0_theo_1.wav', '1_theo_1.wav', '2_theo_1.wav', '3_theo_1.wav'];
  expect(detect(paths, paths.slice(0, 2))).toBe('csv');
  expect(detect(paths, paths.slice(0, 1))).toBe('fsdd');
});
