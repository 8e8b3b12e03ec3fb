import '../../../src/ui/styles/tokens.css';
import '../../../src/ui/app-shell.ts';
import type { AppShell } from '../../../src/ui/app-shell.ts';
import { FakeTrainingPlayground } from '../fakes/fake-training.ts';
import { scenes } from '../fakes/scenes.ts';

export interface ShownScene {
  readonly shell: AppShell;
  readonly playground: FakeTrainingPlayground;
  close(): void;
}

/** Puts one state of the app on the page, without an engine. */
export async function showScene(name: string): Promise<ShownScene> {
  const scene = scenes[name];
  if (!scene) throw new Error(`No scene ${name}. There are: ${Object.keys(scenes).join(', ')}`);
  history.replaceState(null, '', scene.hash);
  const playground = new FakeTrainingPlayground(scene.start);
  const shell = document.createElement('app-shell');
  shell.playground = playground;
  document.body.append(shell);
  await shell.ready;
  for (const event of scene.events ?? []) playground.emit(event);
  await shell.updateComplete;
  return {
    shell,
    playground,
    close: () => {
      playground.close();
      shell.remove();
    },
  };
}
