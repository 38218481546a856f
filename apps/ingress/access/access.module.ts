/** Keys, budgets and limits at the door. */
import { Module } from '@nestjs/common';
import { Access } from './access.client.js';
import { MasterKey } from './master-key.client.js';

@Module({ providers: [Access, MasterKey], exports: [Access, MasterKey] })
export class AccessModule {}
