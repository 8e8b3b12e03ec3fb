import type { JobStatus } from '../engine/protocol.ts';

/** Lines of Python that open an exported file, with the shapes that this extraction's arrays have. */
export function pythonSnippet({ settings }: JobStatus, fileName: string): string {
  const hasLayers = settings.layers.length > 1;
  const lines = ['import numpy as np', '', `data = np.load(${JSON.stringify(fileName)}, allow_pickle=False)`];
  if (settings.pooling === 'none')
    lines.push(
      `frames, offsets = data["frames"], data["offsets"]  # ${hasLayers ? '[frames, layers, D]' : '[frames, D]'}, [clips + 1]`,
      'first_clip = frames[offsets[0]:offsets[1]]',
    );
  else lines.push(`X = data["embeddings"]  # ${hasLayers ? '[clips, layers, D]' : '[clips, D]'}, float32`);
  lines.push('y, speakers, paths = data["labels"], data["speakers"], data["paths"]');
  return lines.join('\n');
}
