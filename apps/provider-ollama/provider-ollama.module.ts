/** The worker for local engines: one queue per host, one owner per queue. */
import { Module } from '@nestjs/common';
import { FleetController } from './fleet.controller.js';

@Module({ providers: [FleetController] })
export class ProviderOllamaModule {}
