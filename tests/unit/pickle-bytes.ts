/** Pickles (protocol 2) by hand, for files that torch would never write. */
export type PicklePart = number | string | readonly PicklePart[];

const encoder = new TextEncoder();

/** Concatenates bytes (numbers) and raw text (strings). */
export function pickleBytes(...parts: readonly PicklePart[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const add = (part: PicklePart): void => {
    if (typeof part === 'number') bytes.push(part);
    else if (typeof part === 'string') bytes.push(...encoder.encode(part));
    else part.forEach(add);
  };
  add([0x80, 2, ...parts, '.']);
  return Uint8Array.from(bytes);
}

/** BINUNICODE */
export function text(value: string): PicklePart {
  const bytes = [...encoder.encode(value)];
  return ['X', ...int32(bytes.length), ...bytes];
}

/** BININT */
export function int(value: number): PicklePart {
  return ['J', ...int32(value)];
}

export function tuple(...items: readonly PicklePart[]): PicklePart {
  return ['(', ...items, 't'];
}

export function dict(...items: readonly (readonly [PicklePart, PicklePart])[]): PicklePart {
  return ['}', '(', ...items, 'u'];
}

export function global(module: string, name: string): PicklePart {
  return `c${module}\n${name}\n`;
}

export function tensor(options: {
  readonly key?: string;
  readonly count: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly storage?: string;
}): PicklePart {
  const { key = '0', count, offset = 0, shape, strides, storage = 'FloatStorage' } = options;
  const id = tuple(text('storage'), global('torch', storage), text(key), text('cpu'), int(count));
  const sizes = (values: readonly number[]): PicklePart => tuple(...values.map(int));
  const args = [
    [id, 'Q'],
    int(offset),
    sizes(shape),
    sizes(strides),
    0x89,
    [global('collections', 'OrderedDict'), ')R'],
  ];
  return [global('torch._utils', '_rebuild_tensor_v2'), tuple(...args), 'R'];
}

function int32(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];
}
