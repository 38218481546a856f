/** Starts the router. */
import { runService } from '#service';
import { RouterModule } from './router.module.js';

await runService('router', RouterModule);
