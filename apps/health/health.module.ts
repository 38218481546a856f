/** The judge: schedules probes, listens to outcomes, says what state each backend is in. */
import { Module } from '@nestjs/common';
import { BackendProber } from './backend-prober.client.js';
import { CredentialAlert } from './credential-alert.publisher.js';
import { HealthRound } from './health-round.publisher.js';
import { RosterAlert } from './roster-alert.publisher.js';

@Module({ providers: [BackendProber, CredentialAlert, HealthRound, RosterAlert] })
export class HealthModule {}
