import { showScene } from './show-scene.ts';

// `/tests/ui/gallery/?scene=job-running&theme=dark`: one state of the app, without an engine.
const query = new URLSearchParams(location.search);
const theme = query.get('theme');
if (theme) localStorage.setItem('wavlm-playground.theme', theme);
await showScene(query.get('scene') ?? 'start-empty');
