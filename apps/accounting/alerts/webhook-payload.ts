/** What is said about a budget: LiteLLM's webhook body, and text for Slack and those who take its format. */
import { parseBudgetScope, type AlertBudgetEvent } from '#contracts';
import { usdOfNano } from '#pricing';

/** LiteLLM's WebhookEvent, all fields present; those after `event_message` are ours. Amounts in USD, or in the unit. */
export interface WebhookPayload {
  readonly spend: number;
  readonly max_budget: number;
  readonly soft_budget: number | null;
  readonly token: string | null;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly team_alias: string | null;
  readonly user_email: string | null;
  /** Always null: budgets here belong to keys, teams, users and the gateway, and nothing is sent by e-mail. */
  readonly customer_id: null;
  readonly organization_id: null;
  readonly alert_emails: null;
  readonly max_budget_alert_emails: null;
  readonly key_alias: string | null;
  readonly projected_exceeded_date: string | null;
  readonly projected_spend: number | null;
  readonly event: AlertBudgetEvent['event'];
  readonly event_group: 'key' | 'team' | 'user' | 'proxy';
  readonly event_message: string;
  readonly unit: AlertBudgetEvent['unit'];
  readonly key_id: string | null;
  readonly model: string | null;
  readonly threshold_percent: number | null;
  readonly budget_reset_at: string | null;
  readonly id: string;
}

/** LiteLLM has no word for a member of a team. */
const groups = { key: 'key', team: 'team', user: 'user', member: 'user', global: 'proxy' } as const;
const groupNames = { key: 'Key', team: 'Team', user: 'User', proxy: 'Proxy' } as const;

/** The body of a webhook. `token` stays null: not even the digest of a key leaves the gateway. */
export function webhookPayload(alert: AlertBudgetEvent): WebhookPayload {
  const amount = (value: number) => (alert.unit === 'usd' ? Number(usdOfNano(value)) : value);
  const scope = parseBudgetScope(alert.scope);
  const group = scope === null ? 'proxy' : groups[scope.owner];
  return {
    spend: amount(alert.spent),
    max_budget: amount(alert.limit),
    soft_budget: alert.softLimit === null ? null : amount(alert.softLimit),
    token: null,
    user_id: alert.userId,
    team_id: alert.teamId,
    team_alias: alert.teamAlias,
    user_email: null,
    customer_id: null,
    organization_id: null,
    alert_emails: null,
    max_budget_alert_emails: null,
    key_alias: alert.keyAlias,
    projected_exceeded_date: null,
    projected_spend: null,
    event: alert.event,
    event_group: group,
    event_message: `${groupNames[group]} Budget: ${happened(alert)}`,
    unit: alert.unit,
    key_id: alert.keyId,
    model: scope?.model ?? null,
    threshold_percent: alert.thresholdPercent,
    budget_reset_at: alert.resetAt,
    // A line that is crossed again is told again: with its old id, receivers would take it for a repetition.
    id: `${alert.scope}:${alert.windowId}:${alert.thresholdPercent ?? 'soft'}${alert.round === 0 ? '' : `:${alert.round}`}`,
  };
}

/** One message in Slack's `{"text"}` form, which Discord (URL + `/slack`) and Mattermost take too. */
export function slackText(alert: AlertBudgetEvent): { readonly text: string } {
  const who = alert.keyAlias ?? alert.teamAlias ?? alert.userId ?? alert.teamId ?? alert.keyId ?? 'the whole gateway';
  const model = parseBudgetScope(alert.scope)?.model;
  const lines = [
    `*${happened(alert)}*: ${escapedText(who)}${model === undefined || model === null ? '' : ` (${escapedText(model)})`}`,
    `spent ${amountText(alert, alert.spent)} of ${amountText(alert, alert.limit)}`,
    alert.resetAt === null ? 'This budget is not renewed by itself.' : `It is renewed at ${alert.resetAt}.`,
  ];
  return { text: lines.join('\n') };
}

function happened({ event, thresholdPercent }: AlertBudgetEvent): string {
  switch (event) {
    case 'budget_crossed':
      return 'Budget Crossed';
    case 'soft_budget_crossed':
      return 'Soft Budget Crossed';
    case 'threshold_crossed':
      return `${thresholdPercent ?? 0}% Threshold Crossed`;
  }
}

function amountText({ unit }: AlertBudgetEvent, amount: number): string {
  return unit === 'usd' ? `$${usdOfNano(amount)}` : `${amount} ${unit}`;
}

/** Names come from people who hold admin keys; they must not forge links or mentions. */
export function escapedText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
