import { expose } from 'comlink';
import { createEngine } from './engine.ts';
import type { BackendChoice } from './protocol.ts';

// The page passes the wanted device as the worker's name, so that the first call finds it decided.
const choice: BackendChoice = self.name === 'webgpu' || self.name === 'wasm' ? self.name : 'auto';

expose(createEngine(choice));
