import { createPlayground } from './playground.ts';
import './ui/app-shell.ts';

const wanted = new URL(location.href).searchParams.get('device');
window.playground = createPlayground(wanted === 'webgpu' || wanted === 'wasm' ? wanted : 'auto');
const shell = document.querySelector('app-shell');
if (shell) shell.playground = window.playground;
