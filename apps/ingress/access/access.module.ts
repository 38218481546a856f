/** Keys, budgets and limits at the door. */
import { Module } from '@nestjs/common';
import { Bus } from '#bus';
import { limitShardOf, LimitsTaken } from '#contracts';
import { Access } from './access.client.js';
import { Authenticator } from './authenticator.client.js';
import { BudgetLeases } from './budget-leases.client.js';
import { InstanceName } from './instance-name.client.js';
import { Keys } from './keys.client.js';
import { LimitCounter } from './limit-counter.js';
import { LimitSession } from './limit-session.client.js';
import { Limiter } from './limiter.client.js';
import { MasterKey } from './master-key.client.js';

@Module({
  providers: [
    Access,
    Authenticator,
    BudgetLeases,
    InstanceName,
    Keys,
    LimitSession,
    Limiter,
    MasterKey,
    {
      provide: LimitCounter,
      inject: [Bus, InstanceName],
      useFactory: (bus: Bus, instance: InstanceName) =>
        new LimitCounter({
          now: () => performance.now(),
          tell: (event) =>
            bus.publish(
              LimitsTaken,
              { v: 1, holder: instance.name, ...event },
              { tokens: { shard: String(limitShardOf(event.owner)) } },
            ),
        }),
    },
  ],
  exports: [Access, Authenticator, MasterKey],
})
export class AccessModule {}
