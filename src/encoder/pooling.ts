/** How frames `[T, D]` become one row: `none` keeps the frames. */
export type Pooling = 'mean' | 'mean+std' | 'none';
