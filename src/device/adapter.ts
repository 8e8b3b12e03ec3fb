/** A WebGPU adapter in words, and whether it is a software one. */
export interface AdapterDescription {
  readonly name: string;
  readonly isSoftware: boolean;
}

const softwareNames = /swiftshader|llvmpipe|lavapipe|basic render|software|warp/i;

/** Features that are asked for where the adapter has them. */
const wantedFeatures: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/** Limits that are raised as far as the adapter allows; the rest keeps WebGPU's defaults. */
const wantedLimits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBuffersPerShaderStage',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** The best adapter, or null. In a browser's first moments the answer can be null: asked again a few times. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  if (!('gpu' in navigator)) return null;
  for (const waitMs of [0, 60, 120, 240]) {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) return adapter;
  }
  return null;
}

export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const words = [vendor, architecture, device, description].filter((word) => word !== '').join(' ');
  const isSoftware = isFallbackAdapter || softwareNames.test(words);
  const name = description || [vendor, architecture].filter((word) => word !== '').join(' ') || 'GPU';
  return { name: isSoftware ? `${name} (software)` : name, isSoftware };
}

/** A device with every wanted feature and limit that the adapter allows. */
export async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const limit of wantedLimits) requiredLimits[limit] = adapter.limits[limit];
  return adapter.requestDevice({
    requiredFeatures: wantedFeatures.filter((feature) => adapter.features.has(feature)),
    requiredLimits,
  });
}
