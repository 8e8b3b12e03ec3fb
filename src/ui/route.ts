/** Where the person is: the address after `#`, so that back, forward and bookmarks work without a server. */
export interface Route {
  readonly room: Room;
  /** The extraction or run that is shown, when one is. */
  readonly id: string | null;
  /** Which part of it is shown; empty for the first. */
  readonly part: string;
}

export type Room = 'start' | 'data' | 'encoder' | 'extract' | 'train' | 'runs';
const rooms: readonly Room[] = ['start', 'data', 'encoder', 'extract', 'train', 'runs'];

export function parseRoute(hash: string): Route {
  const [first = '', second = '', third = ''] = hash.replace(/^#?\/?/, '').split('/');
  const room = rooms.find((candidate) => candidate === first) ?? 'start';
  return { room, id: second === '' ? null : decodeURIComponent(second), part: third };
}

export const hrefOf = (room: Room, id?: string): string =>
  `#/${room === 'start' ? '' : room}${id === undefined ? '' : `/${encodeURIComponent(id)}`}`;
