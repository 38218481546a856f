import { runService } from '#service';
import { ProviderCloudModule } from './provider-cloud.module.js';

await runService('provider-cloud', ProviderCloudModule);
