/** The theme's colours as values: a canvas and an exported picture cannot read custom properties. */
export interface Palette {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly accent: string;
  readonly signal: string;
  readonly heat: string;
  readonly heatError: string;
  readonly series: readonly string[];
}

export const seriesCount = 12;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: read('--ink'),
    quiet: read('--ink-2'),
    line: read('--line'),
    surface: read('--surface'),
    accent: read('--accent'),
    signal: read('--signal-fill'),
    heat: read('--heat'),
    heatError: read('--heat-error'),
    series: Array.from({ length: seriesCount }, (_, index) => read(`--series-${index + 1}`)),
  };
}

/** Colour of the n-th series or group; they repeat after twelve. */
export const seriesColor = (palette: Palette, index: number): string =>
  palette.series[index % seriesCount] ?? palette.accent;

/** Red, green and blue of `#rrggbb`. */
const channelsOf = (hex: string): readonly number[] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** `share` of the way from one `#rrggbb` colour to another. */
export function mixColors(from: string, to: string, share: number): string {
  const end = channelsOf(to);
  const mixed = channelsOf(from).map((channel, index) =>
    Math.round(channel + ((end[index] ?? channel) - channel) * share),
  );
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}
