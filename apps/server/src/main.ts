import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { readEnv } from '@app/common';
import { EventServer } from '@app/rocketmq';
import { AppModule } from './app.module.js';
import { createApp } from './app.setup.js';
import { MetricsPage } from './metrics.page.js';
import { giveUp } from './give-up.js';
import { setupStorefront } from './storefront.js';

/** Where the build puts the pages: beside `apps` in dist. */
const PAGES = fileURLToPath(new URL('../../../storefront', import.meta.url));

try {
  const env = readEnv();
  const app = await createApp(AppModule.forRoot(env), env);
  await setupStorefront(app, PAGES, env);
  app.connectMicroservice({ strategy: app.get(EventServer) });
  await app.startAllMicroservices();
  await app.get(MetricsPage).listen();
  await app.listen(env.PORT, env.HOST);
} catch (error) {
  giveUp(error);
}
