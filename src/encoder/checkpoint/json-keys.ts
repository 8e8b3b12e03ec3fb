/**
 * The first key that an object of a valid JSON text holds twice, at any depth, or null: `JSON.parse` keeps the last
 * one silently, so a file could show one reader other tensors than another.
 */
export function repeatedKey(text: string): string | null {
  const scopes: (Set<string> | null)[] = [];
  let index = 0;
  while (index < text.length) {
    const character = text[index];
    if (character === '{') scopes.push(new Set());
    else if (character === '[') scopes.push(null);
    else if (character === '}' || character === ']') scopes.pop();
    else if (character === '"') {
      const end = stringEnd(text, index);
      const keys = scopes.at(-1);
      if (keys && isKey(text, end)) {
        const key = JSON.parse(text.slice(index, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      index = end - 1;
    }
    index += 1;
  }
  return null;
}

/** Index after the closing quote. */
function stringEnd(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

/** A string followed by a colon is a key: in valid JSON nothing else is. */
function isKey(text: string, end: number): boolean {
  let index = end;
  while (' \t\r\n'.includes(text[index] ?? 'x')) index += 1;
  return text[index] === ':';
}
