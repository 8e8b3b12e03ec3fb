/** What a pickle of a checkpoint may hold. Dictionaries are Maps, so that no key can reach an object's prototype. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | TorchStorage
  | TorchTensor;

export class PickleTuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A name from the allow-list; only a marker, nothing is imported or called. */
export class PickleGlobal {
  readonly name: AllowedGlobal;
  constructor(name: AllowedGlobal) {
    this.name = name;
  }
}

/** A run of values outside the pickle, found by its key. */
export class TorchStorage {
  readonly typeName: string;
  readonly key: string;
  /** Count of values, as the pickle claims it. */
  readonly count: number;
  constructor(typeName: string, key: string, count: number) {
    this.typeName = typeName;
    this.key = key;
    this.count = count;
  }
}

/** A strided view of a storage; offset and strides count values. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** Every name that a state dictionary needs; all else is refused. */
const allowedGlobals = [
  'collections OrderedDict',
  'torch._utils _rebuild_tensor_v2',
  'torch._utils _rebuild_parameter',
  'torch FloatStorage',
  'torch HalfStorage',
  'torch BFloat16Storage',
  'torch DoubleStorage',
  'torch LongStorage',
  'torch IntStorage',
  'torch ShortStorage',
  'torch CharStorage',
  'torch ByteStorage',
  'torch BoolStorage',
] as const;

export type AllowedGlobal = (typeof allowedGlobals)[number];

export function allowedGlobal(name: string): AllowedGlobal | undefined {
  return allowedGlobals.find((allowed) => allowed === name);
}
