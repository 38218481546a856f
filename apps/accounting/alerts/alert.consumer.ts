/** Sends alerts to people: takes them from the stream EVENTS, each to every target, again and again until it got through. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus, type DurableMessage } from '#bus';
import { AlertBudget, AlertCredentials, AlertModels, AlertSpendReport } from '#contracts';
import { Secrets, Snapshots } from '#service';
import { Logger } from '#telemetry';
import { credentialsPayload, retiredModelsPayload, slackAccount } from './account-alert-payload.js';
import {
  alertTargets,
  wantsAccountAlerts,
  wantsBudgetAlerts,
  wantsSpendReports,
  type AlertTarget,
} from './alert-targets.js';
import { slackReport, spendReportPayload } from './spend-report-payload.js';
import { postWebhook } from './webhook.client.js';
import { slackText, webhookPayload } from './webhook-payload.js';

/** About a day, with the delays below. */
const mostDeliveries = 30;
const longestDelayMs = 3_600_000;

@Injectable()
export class AlertSender implements OnModuleInit, OnApplicationShutdown {
  private consuming: { stop(): Promise<void> } | null = null;
  /** Targets that have an alert already, while another one makes it come again. Lost at a restart: then it comes twice. */
  private readonly delivered = new Map<number, Set<string>>();
  private warnedOf = '';

  constructor(
    private readonly bus: Bus,
    private readonly secrets: Secrets,
    private readonly snapshots: Snapshots,
    private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    this.consuming = await this.bus.consume({
      stream: 'EVENTS',
      durable: 'alert-sender',
      subjects: [AlertBudget.subject, AlertSpendReport.subject, AlertModels.subject, AlertCredentials.subject],
      batch: 20,
      handle: async (messages) => void (await Promise.all(messages.map((message) => this.take(message)))),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.consuming?.stop();
  }

  private async take(message: DurableMessage): Promise<void> {
    const alert = readAlert(message.subject, message.payload);
    if (alert === null) return message.term();
    const general = this.snapshots.current()?.general;
    if (general === undefined) return message.nak(1_000);
    if (!alert.isWanted(general.extras['alert_types'])) return message.ack();
    const { targets, missing } = alertTargets(general.alerting, this.secrets.variables());
    this.warnOf(missing);
    const done = this.delivered.get(message.sequence) ?? new Set();
    for (const target of targets) {
      if (!done.has(target.kind) && (await this.send(target, alert, message.deliveryCount))) done.add(target.kind);
    }
    if (done.size >= targets.length || message.deliveryCount >= mostDeliveries) {
      this.delivered.delete(message.sequence);
      return message.ack();
    }
    this.delivered.set(message.sequence, done);
    message.nak(Math.min(longestDelayMs, 2_000 * 2 ** Math.min(message.deliveryCount - 1, 12)));
  }

  /** True where the alert needs no more sending to this target. */
  private async send(target: AlertTarget, alert: Alert, delivery: number): Promise<boolean> {
    const payload = target.kind === 'slack' ? alert.slack : alert.webhook;
    const result = await postWebhook(target, payload, new Date());
    if (result.kind === 'sent') return true;
    this.logger.warn({ target: target.kind, delivery, ...result }, 'an alert was not delivered');
    return result.kind === 'refused';
  }

  private warnOf(missing: readonly string[]): void {
    const names = missing.join(', ');
    if (names !== '' && names !== this.warnedOf) {
      this.logger.warn({ variables: names }, 'alerting is switched on, but these addresses are not set');
    }
    this.warnedOf = names;
  }
}

/** What is sent, and whether the config wants it. */
interface Alert {
  readonly slack: unknown;
  readonly webhook: unknown;
  readonly isWanted: (alertTypes: unknown) => boolean;
}

function readAlert(subject: string, payload: unknown): Alert | null {
  switch (subject) {
    case AlertSpendReport.subject: {
      const report = AlertSpendReport.payload.safeParse(payload).data;
      if (report === undefined) return null;
      return { slack: slackReport(report), webhook: spendReportPayload(report), isWanted: wantsSpendReports };
    }
    case AlertModels.subject: {
      const models = AlertModels.payload.safeParse(payload).data;
      return models === undefined ? null : accountAlert(retiredModelsPayload(models));
    }
    case AlertCredentials.subject: {
      const credentials = AlertCredentials.payload.safeParse(payload).data;
      return credentials === undefined ? null : accountAlert(credentialsPayload(credentials));
    }
    default: {
      const alert = AlertBudget.payload.safeParse(payload).data;
      if (alert === undefined) return null;
      return { slack: slackText(alert), webhook: webhookPayload(alert), isWanted: wantsBudgetAlerts };
    }
  }
}

function accountAlert(webhook: Parameters<typeof slackAccount>[0]): Alert {
  return { slack: slackAccount(webhook), webhook, isWanted: wantsAccountAlerts };
}
