import { showFigures } from './show-figures.ts';
import { showScene } from './show-scene.ts';

// `/tests/ui/gallery/?scene=job-running&theme=dark`: one state of the app, without an engine; `?scene=figures`: charts.
const query = new URLSearchParams(location.search);
const theme = query.get('theme');
if (theme) localStorage.setItem('wavlm-playground.theme', theme);
const scene = query.get('scene') ?? 'start-empty';
if (scene === 'figures') showFigures();
else await showScene(scene);
