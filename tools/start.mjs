/** `npm start`: everything the service needs on a bare machine, then the service, until a signal ends it all. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './lib/launcher.mjs';
import { Failure } from './lib/failure.mjs';
import { isFree } from './lib/ports.mjs';
import { readSettings } from './lib/settings.mjs';
import { Stack } from './lib/stack.mjs';
import { together } from './lib/wait.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { env } = process;

await run({
  dataDir: resolve(root, env['DATA_DIR'] || '.data'),
  main: async ({ dataDir, progress, signal, stopAsked, onStop }) => {
    const { port } = readSettings(env);
    if (!(await isFree(port, [env['HOST'] || '127.0.0.1']))) {
      throw new Failure(`Port ${port} is taken: stop what listens there, or set PORT.`);
    }
    const stack = new Stack({ root, dataDir, env, progress });
    onStop((deadline) => stack.stop(deadline));
    await together(signal, [
      async (inner) => {
        await stack.installPackages(inner);
        await stack.build(inner);
      },
      (inner) => stack.startServers(inner),
    ]);
    await stack.prepareDatabase(signal);
    const url = await stack.startApp({ port, signal });
    progress.line(`the app's log is ${stack.processes.logOf('app')}; Ctrl-C stops everything`);
    console.log(`ready ${url}`);
    await stopAsked;
    return 0;
  },
});
