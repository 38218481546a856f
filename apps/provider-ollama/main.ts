import { NestFactory } from '@nestjs/core';
import { BusTransport, finishStreams, nestLogger, runService } from '#service';
import { FleetController } from './fleet.controller.js';
import { ProviderOllamaModule } from './provider-ollama.module.js';

await runService('provider-ollama', ProviderOllamaModule, async (module, parts) => {
  const app = await NestFactory.createMicroservice(module, {
    strategy: new BusTransport(parts.bus),
    logger: nestLogger(parts.logger),
    abortOnError: false,
  });
  await app.listen();
  const drain = async (drainMs: number) => {
    // The hosts go to another worker first, so that it takes what comes from now on.
    void app.get(FleetController).release();
    await finishStreams(parts.bus, drainMs);
  };
  return { app, drain };
});
