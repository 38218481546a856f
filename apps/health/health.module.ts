/** The judge: schedules probes, listens to outcomes, says what state each backend is in. */
import { Module } from '@nestjs/common';
import { BackendProber } from './backend-prober.client.js';
import { CredentialAlert } from './credential-alert.publisher.js';
import { HealthRound } from './health-round.publisher.js';
import { Roster } from './roster/roster.publisher.js';

@Module({ providers: [BackendProber, CredentialAlert, HealthRound, Roster] })
export class HealthModule {}
