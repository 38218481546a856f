/** Starts accounting. */
import { runService } from '#service';
import { AccountingModule } from './accounting.module.js';

await runService('accounting', AccountingModule);
