/** Assertions that work in Node, on a page and in a worker alike. */

/** Throws unless both are the same JSON. */
export function same(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

export function sameBytes(actual: Uint8Array, expected: Uint8Array, what = 'bytes'): void {
  same(actual.length, expected.length, `length of ${what}`);
  for (let i = 0; i < expected.length; i += 1)
    if (actual[i] !== expected[i]) throw new Error(`${what}: byte ${i} is ${actual[i]}, not ${expected[i]}`);
}

/** Throws unless the promise rejects with an error of that name; gives the error. */
export async function rejects(promise: Promise<unknown>, name: string): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && error.name === name) return error;
    throw error;
  }
  throw new Error(`Expected ${name}, but nothing was thrown.`);
}
