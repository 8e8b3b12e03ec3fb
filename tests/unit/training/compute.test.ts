import { openWasmCompute } from '../../../src/training/compute/wasm.ts';
import { computeContract } from '../../contracts/compute.ts';

computeContract(() => openWasmCompute());
