import { runService } from '#service';
import { bootHttp } from './http/boot-http.js';
import { IngressModule } from './ingress.module.js';

await runService('ingress', IngressModule, bootHttp);
