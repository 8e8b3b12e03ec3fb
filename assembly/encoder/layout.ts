// Copies between layouts.

/**
 * For groups [start, end) of a grouped convolution: each group's channels side by side with zeros before and after in
 * time, so that the window of a frame is one run of memory.
 * @param x `[T, groups·channels]`
 * @param out `[groups, left + T + right, channels]`
 */
export function gatherGroups(
  x: usize,
  out: usize,
  frames: i32,
  groups: i32,
  channels: i32,
  left: i32,
  right: i32,
  start: i32,
  end: i32,
): void {
  const size = <usize>channels << 2;
  const stride = <usize>groups * size;
  for (let g = start; g < end; g++) {
    let to = out + <usize>g * <usize>(left + frames + right) * size;
    memory.fill(to, 0, <usize>left * size);
    to += <usize>left * size;
    let from = x + <usize>g * size;
    for (let t = 0; t < frames; t++) {
      memory.copy(to, from, size);
      to += size;
      from += stride;
    }
    memory.fill(to, 0, <usize>right * size);
  }
}

/** Panels [start, end) of `[K, N]` → `[N/8, K, 8]`. */
export function packPanels(b: usize, out: usize, depth: i32, columns: i32, start: i32, end: i32): void {
  const stride = <usize>columns << 2;
  for (let panel = start; panel < end; panel++) {
    let from = b + (<usize>panel << 5);
    let to = out + (<usize>panel * <usize>depth << 5);
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += stride;
      to += 32;
    }
  }
}
