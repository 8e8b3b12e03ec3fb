import { mixColors, type Palette } from './palette.ts';

const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** How dark a cell is, from its share of the row: rare errors are lifted, since they are what is looked for. */
export const shadeOf = (share: number, isHit: boolean): number => (isHit ? share : Math.sqrt(share));

/** The confusion matrix as a picture by itself. */
export function confusionSvg(
  labels: readonly string[],
  counts: readonly (readonly number[])[],
  palette: Palette,
): string {
  const cell = labels.length > 14 ? 24 : 44;
  const longest = Math.max(4, ...labels.map(({ length }) => length));
  const edge = Math.min(220, 30 + longest * 7);
  const size = edge + labels.length * cell + 16;
  const parts: string[] = [];
  for (const [truth, row] of counts.entries()) {
    const total = Math.max(
      1,
      row.reduce((sum, count) => sum + count, 0),
    );
    const y = edge + truth * cell;
    parts.push(
      `<text x="${edge - 8}" y="${y + cell / 2 + 4}" text-anchor="end">${escapeText(labels[truth] ?? '')}</text>`,
    );
    for (const [predicted, count] of row.entries()) {
      const x = edge + predicted * cell;
      const heat = truth === predicted ? palette.heat : palette.heatError;
      parts.push(
        `<rect x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${cell - 2}" fill="${mixColors(palette.surface, heat, shadeOf(count / total, truth === predicted))}"/>`,
      );
      if (count > 0)
        parts.push(`<text x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle">${count}</text>`);
    }
  }
  for (const [predicted, label] of labels.entries()) {
    const x = edge + predicted * cell + cell / 2 + 4;
    parts.push(`<text transform="translate(${x} ${edge - 8}) rotate(-90)">${escapeText(label)}</text>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 ${size} ${size}" font-family="Helvetica, Arial, sans-serif" font-size="${cell > 30 ? 12 : 9}" fill="${palette.ink}"><rect width="100%" height="100%" fill="${palette.surface}"/><text x="8" y="18" fill="${palette.quiet}">true / predicted</text>${parts.join('')}</svg>`;
}
