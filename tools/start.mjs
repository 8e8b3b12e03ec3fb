// `npm start`: installs what is missing, builds, serves with cross-origin isolation, prints and opens the address.
import process from 'node:process';
import { installPackages } from './install.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
installPackages();
const { build, preview } = await import('vite');
await build({ logLevel: 'warn' });
const opens =
  !process.env.CI &&
  (process.platform !== 'linux' || Boolean(process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY));
const server = await preview({ preview: { open: opens } });
server.printUrls();
