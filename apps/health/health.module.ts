/** The judge: schedules probes, listens to outcomes, says what state each backend is in. */
import { Module } from '@nestjs/common';
import { BackendProber } from './backend-prober.client.js';
import { HealthRound } from './health-round.publisher.js';
import { RosterAlert } from './roster-alert.publisher.js';

@Module({ providers: [BackendProber, HealthRound, RosterAlert] })
export class HealthModule {}
