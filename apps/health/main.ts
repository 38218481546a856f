import { runService } from '#service';
import { HealthModule } from './health.module.js';

await runService('health', HealthModule);
