import '../../../src/ui/app-shell.ts';
import { FakePlayground } from '../fakes/fake-playground.ts';
import { scenes } from '../fakes/scenes.ts';

// `/tests/ui/gallery/?scene=job-running&theme=dark`: one state of the app, without an engine.
const query = new URLSearchParams(location.search);
const theme = query.get('theme');
if (theme) localStorage.setItem('wavlm-playground.theme', theme);
const scene = scenes[query.get('scene') ?? 'start-empty'];
if (!scene) throw new Error(`No such scene. There are: ${Object.keys(scenes).join(', ')}`);
history.replaceState(null, '', scene.hash);
const playground = new FakePlayground(scene.start);
const shell = document.createElement('app-shell');
shell.playground = playground;
document.body.append(shell);
await shell.ready;
for (const event of scene.events ?? []) playground.emit(event);
