export { attention, attentionScratchBytes, attentionTasks, packKeysValues, positionGate } from './attention';
export { gemm } from './gemm';
export { gatherGroups, packPanels } from './layout';
export { layerNorm } from './norm';
