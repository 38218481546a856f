/** Where alerts go: `general_settings.alerting` names the kinds, the environment their addresses, as in LiteLLM. */

export interface AlertTarget {
  readonly kind: 'webhook' | 'slack';
  readonly url: string;
  readonly secret: string | null;
}

/** The targets that are switched on and have an address; `missing` names the variables of those that have none. */
export function alertTargets(
  alerting: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): { readonly targets: readonly AlertTarget[]; readonly missing: readonly string[] } {
  const targets: AlertTarget[] = [];
  const missing: string[] = [];
  const known = [
    { kind: 'webhook', variable: 'WEBHOOK_URL' },
    { kind: 'slack', variable: 'SLACK_WEBHOOK_URL' },
  ] as const;
  for (const { kind, variable } of known) {
    if (!alerting.includes(kind)) continue;
    const url = variables[variable];
    if (url === undefined || !/^https?:\/\//.test(url)) missing.push(variable);
    else
      targets.push({ kind, url, secret: kind === 'webhook' ? (variables['SIGNALBOX_WEBHOOK_SECRET'] ?? null) : null });
  }
  return { targets, missing };
}

/** Whether LiteLLM's `alert_types` lets budget alerts through; without the setting everything goes. */
export function wantsBudgetAlerts(alertTypes: unknown): boolean {
  return !Array.isArray(alertTypes) || alertTypes.includes('budget_alerts');
}

/** The same for what happens to accounts at providers: retired models, refused keys. */
export function wantsAccountAlerts(alertTypes: unknown): boolean {
  const names = ['outage_alerts', 'llm_exceptions', 'account_alerts'];
  return !Array.isArray(alertTypes) || names.some((name) => alertTypes.includes(name));
}

/** The same for the daily and weekly spend reports. */
export function wantsSpendReports(alertTypes: unknown): boolean {
  return !Array.isArray(alertTypes) || alertTypes.includes('spend_reports') || alertTypes.includes('daily_reports');
}
