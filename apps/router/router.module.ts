/** The router: turns "this model, this request, this key" into a plan, and publishes the config. */
import { Module } from '@nestjs/common';
import { ConfigPublisher } from './config.publisher.js';
import { FleetConsumer } from './fleet.consumer.js';
import { RouterController } from './router.controller.js';

@Module({ controllers: [RouterController], providers: [ConfigPublisher, FleetConsumer] })
export class RouterModule {}
