import { MalformedPickleError, UnsafePickleError } from './errors.ts';
import { dataView } from './file-bytes.ts';
import { PickleGlobal, PickleTuple, TorchStorage, TorchTensor, allowedGlobal } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/** A pickle that was read, and where the next one would start. */
export interface UnpickledValue {
  readonly value: PickleValue;
  readonly end: number;
}

/** The bytes end inside the pickle. Caught by readers that take a file in growing windows. */
export class PickleEndError extends MalformedPickleError {
  override readonly name: string = 'PickleEndError';
}

/**
 * Reads one pickle (protocol 2) as data. Only the opcodes and globals of a PyTorch state dictionary are known; any
 * other is refused. Nothing is imported, called or executed, and memory stays in proportion to the bytes read.
 * @throws UnsafePickleError, MalformedPickleError
 */
export function unpickle(path: string, bytes: Uint8Array, start = 0): UnpickledValue {
  return new PickleMachine(path, bytes, start).run();
}

/** Opcodes by their byte, from CPython's pickletools. */
const op = {
  MARK: 0x28,
  STOP: 0x2e,
  BINFLOAT: 0x47,
  BININT: 0x4a,
  BININT1: 0x4b,
  BININT2: 0x4d,
  NONE: 0x4e,
  BINPERSID: 0x51,
  REDUCE: 0x52,
  SHORT_BINSTRING: 0x55,
  BINUNICODE: 0x58,
  EMPTY_LIST: 0x5d,
  APPEND: 0x61,
  BUILD: 0x62,
  GLOBAL: 0x63,
  APPENDS: 0x65,
  BINGET: 0x68,
  LONG_BINGET: 0x6a,
  BINPUT: 0x71,
  LONG_BINPUT: 0x72,
  SETITEM: 0x73,
  TUPLE: 0x74,
  SETITEMS: 0x75,
  EMPTY_DICT: 0x7d,
  EMPTY_TUPLE: 0x29,
  PROTO: 0x80,
  TUPLE1: 0x85,
  TUPLE2: 0x86,
  TUPLE3: 0x87,
  NEWTRUE: 0x88,
  NEWFALSE: 0x89,
  LONG1: 0x8a,
} as const;

const MAX_GLOBAL_NAME_BYTES = 200;

class PickleMachine {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marks: number[] = [];
  #stack: PickleValue[] = [];
  #at: number;

  constructor(path: string, bytes: Uint8Array, start: number) {
    this.#path = path;
    this.#bytes = bytes;
    this.#view = dataView(bytes);
    this.#at = start;
  }

  run(): UnpickledValue {
    const start = this.#at;
    if (this.#uint8() !== op.PROTO || this.#uint8() !== 2) {
      throw new UnsafePickleError(
        `${this.#path} holds a pickle of another protocol than 2, which torch.save writes. Save it again with torch.save.`,
      );
    }
    for (;;) {
      const at = this.#at;
      const code = this.#uint8();
      if (code === op.STOP) {
        const value = this.#pop();
        if (this.#stack.length > 0) this.#malformed('values are left over at its end');
        return { value, end: this.#at };
      }
      if (code === op.PROTO) this.#malformed(`a second protocol mark stands at byte ${at - start}`);
      this.#step(code, at - start);
    }
  }

  #step(code: number, at: number): void {
    switch (code) {
      case op.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case op.NONE:
        return this.#push(null);
      case op.NEWTRUE:
        return this.#push(true);
      case op.NEWFALSE:
        return this.#push(false);
      case op.BININT:
        return this.#push(this.#view.getInt32(this.#take(4), true));
      case op.BININT1:
        return this.#push(this.#uint8());
      case op.BININT2:
        return this.#push(this.#view.getUint16(this.#take(2), true));
      case op.LONG1:
        return this.#push(this.#long(this.#uint8()));
      case op.BINFLOAT:
        return this.#push(this.#view.getFloat64(this.#take(8), false));
      case op.BINUNICODE:
        return this.#push(this.#text(this.#view.getUint32(this.#take(4), true), 'utf-8'));
      case op.SHORT_BINSTRING:
        return this.#push(this.#text(this.#uint8(), 'latin1'));
      case op.EMPTY_LIST:
        return this.#push([]);
      case op.EMPTY_DICT:
        return this.#push(new Map());
      case op.EMPTY_TUPLE:
        return this.#push(new PickleTuple([]));
      case op.TUPLE:
        return this.#push(new PickleTuple(this.#popMark()));
      case op.TUPLE1:
      case op.TUPLE2:
      case op.TUPLE3:
        return this.#push(new PickleTuple(this.#popSome(code - op.TUPLE1 + 1)));
      case op.APPEND:
        return this.#append(this.#popSome(1));
      case op.APPENDS:
        return this.#append(this.#popMark());
      case op.SETITEM:
        return this.#setItems(this.#popSome(2));
      case op.SETITEMS:
        return this.#setItems(this.#popMark());
      case op.BINGET:
        return this.#push(this.#recall(this.#uint8()));
      case op.LONG_BINGET:
        return this.#push(this.#recall(this.#view.getUint32(this.#take(4), true)));
      case op.BINPUT:
        return void this.#memo.set(this.#uint8(), this.#top());
      case op.LONG_BINPUT:
        return void this.#memo.set(this.#view.getUint32(this.#take(4), true), this.#top());
      case op.GLOBAL:
        return this.#push(this.#global());
      case op.REDUCE:
        return this.#reduce();
      case op.BUILD:
        return this.#build();
      case op.BINPERSID:
        return this.#push(this.#storage(this.#pop()));
      default:
        throw new UnsafePickleError(
          `${this.#path} uses the pickle opcode 0x${code.toString(16).padStart(2, '0')} at byte ${at}, which no ` +
            'PyTorch state dictionary needs. It was refused; nothing in it was run.',
        );
    }
  }

  /** Applies one of the allowed callables, as data. */
  #reduce(): void {
    const args = this.#pop();
    const callable = this.#pop();
    if (!(callable instanceof PickleGlobal) || !(args instanceof PickleTuple)) {
      throw new UnsafePickleError(`${this.#path} asks to call something that is no known function. Refused.`);
    }
    const items = args.items;
    switch (callable.name) {
      case 'collections OrderedDict':
        return this.#push(this.#orderedDict(items));
      case 'torch._utils _rebuild_tensor_v2':
        return this.#push(this.#tensor(items));
      case 'torch._utils _rebuild_parameter':
        if (!(items[0] instanceof TorchTensor)) return this.#malformed('a parameter without a tensor');
        return this.#push(items[0]);
      default:
        throw new UnsafePickleError(`${this.#path} asks to call ${callable.name}. Refused; nothing was run.`);
    }
  }

  /** `OrderedDict()` or, from older Pythons, `OrderedDict([[key, value], …])`. */
  #orderedDict(args: readonly PickleValue[]): PickleValue {
    const map = new Map<PickleValue, PickleValue>();
    if (args.length === 0) return map;
    if (args.length !== 1 || !Array.isArray(args[0])) return this.#malformed('an OrderedDict of no pairs');
    for (const pair of args[0]) {
      const items = pair instanceof PickleTuple ? pair.items : pair;
      if (!Array.isArray(items) || items.length !== 2) return this.#malformed('an OrderedDict of no pairs');
      map.set(items[0] ?? null, items[1] ?? null);
    }
    return map;
  }

  /** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])`. */
  #tensor([storage, offset, shape, strides]: readonly PickleValue[]): TorchTensor {
    if (!(storage instanceof TorchStorage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
      return this.#malformed('a tensor without a valid storage, offset, size and stride');
    }
    if (shape.items.length !== strides.items.length) {
      return this.#malformed('a tensor whose size and stride differ in length');
    }
    return new TorchTensor(storage, offset, shape.items, strides.items);
  }

  /** `('storage', type, key, location, count)`, in the legacy format with a sixth item that must be None. */
  #storage(id: PickleValue): TorchStorage {
    const items = id instanceof PickleTuple ? id.items : [];
    const [tag, type, key, , count, view = null] = items;
    const isValid =
      tag === 'storage' && type instanceof PickleGlobal && typeof key === 'string' && isCount(count);
    if (!isValid || !type.name.endsWith('Storage') || items.length > 6) {
      return this.#malformed('a persistent id that is no storage');
    }
    if (view !== null) return this.#malformed('a storage that is a view of another, from a torch before 0.4');
    return new TorchStorage(type.name.slice('torch '.length), key, count);
  }

  /** Attributes of a dictionary (`_metadata` of a state dictionary) are of no use here. */
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof Map)) {
      throw new UnsafePickleError(
        `${this.#path} sets the state of an object that is no dictionary. Refused.`,
      );
    }
  }

  #global(): PickleGlobal {
    const module = this.#line();
    const name = `${module} ${this.#line()}`;
    const allowed = allowedGlobal(name);
    if (allowed === undefined) {
      throw new UnsafePickleError(
        `${this.#path} names “${name.replace(' ', '.')}”, which no PyTorch state dictionary needs. It was refused; ` +
          'nothing in it was run. Convert the checkpoint to safetensors on a machine that you trust it on.',
      );
    }
    return new PickleGlobal(allowed);
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#malformed('it appends to something that is no list');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const map = this.#top();
    if (!(map instanceof Map) || items.length % 2 !== 0)
      return this.#malformed('it sets items of no dictionary');
    for (let i = 0; i < items.length; i += 2) map.set(items[i] ?? null, items[i + 1] ?? null);
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    return value === undefined ? this.#malformed('it recalls a value that it never stored') : value;
  }

  /** Little-endian two's complement of up to 255 bytes. */
  #long(size: number): number | bigint {
    const start = this.#take(size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i -= 1) value = (value << 8n) | BigInt(this.#bytes[start + i] ?? 0);
    value = BigInt.asIntN(size * 8, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #text(size: number, encoding: 'utf-8' | 'latin1'): string {
    const start = this.#take(size);
    return new TextDecoder(encoding).decode(this.#bytes.subarray(start, start + size));
  }

  #line(): string {
    const start = this.#at;
    while (this.#uint8() !== 0x0a) {
      if (this.#at - start > MAX_GLOBAL_NAME_BYTES) this.#malformed('a global with an endless name');
    }
    return new TextDecoder('latin1').decode(this.#bytes.subarray(start, this.#at - 1));
  }

  #uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Passes over `size` bytes and returns where they start. */
  #take(size: number): number {
    const start = this.#at;
    if (start + size > this.#bytes.byteLength) {
      throw new PickleEndError(`${this.#path} is cut off inside its pickle. Download it again.`);
    }
    this.#at = start + size;
    return start;
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    return this.#popSome(1)[0] ?? null;
  }

  #top(): PickleValue {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) return this.#malformed('its stack runs empty');
    return this.#stack.at(-1) ?? null;
  }

  #popSome(count: number): PickleValue[] {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length - count < floor) return this.#malformed('its stack runs empty');
    return this.#stack.splice(this.#stack.length - count, count);
  }

  #popMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) return this.#malformed('a mark is missing');
    return this.#stack.splice(mark);
  }

  #malformed(problem: string): never {
    throw new MalformedPickleError(`${this.#path} is damaged: in its pickle, ${problem}. Download it again.`);
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCounts(
  value: PickleValue | undefined,
): value is PickleTuple & { readonly items: readonly number[] } {
  return value instanceof PickleTuple && value.items.every(isCount);
}
