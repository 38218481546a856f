/** A spend report as a webhook's body and as text. */
import type { AlertSpendReportEvent } from '#contracts';
import { usdOfNano } from '#pricing';

const usd = (nano: number) => Number(usdOfNano(nano));

/** The body: like the budget events, told apart by `event`. */
export function spendReportPayload(report: AlertSpendReportEvent) {
  const line = ({ name, spendNanoUsd, requests, tokens }: AlertSpendReportEvent['keys'][number]) => ({
    name,
    spend: usd(spendNanoUsd),
    requests,
    total_tokens: tokens,
  });
  return {
    event: 'spend_report',
    event_group: 'proxy',
    event_message: slackReport(report).text,
    period: report.period,
    start_date: report.from,
    end_date: report.to,
    spend: usd(report.total.spendNanoUsd),
    requests: report.total.requests,
    total_tokens: report.total.tokens,
    saved: usd(report.savedNanoUsd),
    keys: report.keys.map(line),
    models: report.models.map(line),
  };
}

/** The same as text for people. */
export function slackReport({ period, from, to, total, savedNanoUsd, keys, models }: AlertSpendReportEvent): {
  readonly text: string;
} {
  const span = from === to ? from : `${from} to ${to}`;
  const most = (lines: AlertSpendReportEvent['keys']) =>
    lines.map(({ name, spendNanoUsd, requests }) => `• ${name}: ${dollars(spendNanoUsd)} in ${requests} requests`);
  const lines = [
    `*${period === 'daily' ? 'Daily' : 'Weekly'} spend report*, ${span} (UTC)`,
    `${dollars(total.spendNanoUsd)} in ${total.requests} requests, ${total.tokens} tokens`,
    ...(savedNanoUsd > 0 ? [`Local models saved about ${dollars(savedNanoUsd)}.`] : []),
    ...(keys.length > 0 ? ['By key:', ...most(keys)] : []),
    ...(models.length > 0 ? ['By model:', ...most(models)] : []),
  ];
  return { text: lines.join('\n').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;') };
}

/** Cents are enough for people. */
function dollars(nano: number): string {
  return `$${(nano / 1e9).toFixed(nano > 0 && nano < 10_000_000 ? 4 : 2)}`;
}
