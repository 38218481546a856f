/** The cloud worker: the only service that talks to clouds, and the only one that holds their keys. */
import { Module } from '@nestjs/common';
import { CloudController } from './cloud.controller.js';
import { Credentials } from './credentials.client.js';
import { FreePace } from './free-pace.client.js';
import { CloudProbe } from './probe.client.js';

@Module({ providers: [CloudController, CloudProbe, Credentials, FreePace] })
export class ProviderCloudModule {}
