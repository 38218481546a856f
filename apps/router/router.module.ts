/** The router: reads the config, watches the fleet, decides. */
import { Module } from '@nestjs/common';
import { ConfigPublisher } from './config.publisher.js';
import { FleetSubscriber } from './fleet.subscriber.js';
import { RouterController } from './router.controller.js';

@Module({ controllers: [RouterController], providers: [ConfigPublisher, FleetSubscriber] })
export class RouterModule {}
