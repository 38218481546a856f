/** Money: budgets and who spends. What one key cost to the cent is in the console and in /global/spend/report. */
import { rateBy } from './expressions.js';
import type { DashboardSpec } from './panel.js';

const chosen = 'scope=~"$scope"';

export const spend: DashboardSpec = {
  uid: 'signalbox-spend',
  title: 'Signalbox / Keys and spend',
  description: 'Budgets of keys and teams, and what the models cost.',
  variables: [{ name: 'scope', label: 'Scope', metric: 'signalbox_budget_used_ratio', labelName: 'scope' }],
  rows: [
    {
      title: 'Budgets',
      panels: [
        {
          title: 'Used',
          description: 'Used share of each budget. At 100 % requests are refused.',
          unit: 'percentunit',
          kind: 'bargauge',
          queries: [
            [`sort_desc(max by (scope, budget) (signalbox_budget_used_ratio{${chosen}}))`, '{{scope}} {{budget}}'],
          ],
          thresholds: [
            [0.8, 'orange'],
            [1, 'red'],
          ],
          max: 1,
          width: 12,
          height: 10,
        },
        {
          title: 'Spent',
          description: 'What is spent of each budget in its current period.',
          unit: 'currencyUSD',
          kind: 'bargauge',
          queries: [
            [`topk(10, max by (scope, budget) (signalbox_budget_spent_usd{${chosen}}))`, '{{scope}} {{budget}}'],
          ],
          width: 12,
          height: 10,
        },
        {
          title: 'Limits',
          description: 'Limit of each budget.',
          unit: 'currencyUSD',
          kind: 'table',
          queries: [[`max by (scope, budget) (signalbox_budget_limit_usd{${chosen}})`, '']],
        },
        {
          title: 'Renewed in',
          description: 'Time until each budget begins anew.',
          unit: 's',
          kind: 'table',
          queries: [[`max by (scope, budget) (signalbox_budget_reset_timestamp_seconds{${chosen}}) - time()`, '']],
        },
        {
          title: 'Refused for money',
          description:
            'Requests per second that were refused because a budget is used up, or because none could be reserved.',
          unit: 'reqps',
          kind: 'timeseries',
          queries: [
            [
              rateBy('reason', 'signalbox_rejections_total', 'reason=~"insufficient_quota|budget_unavailable"'),
              '{{reason}}',
            ],
          ],
        },
      ],
    },
    {
      title: 'Spend',
      panels: [
        {
          title: 'Per hour by model',
          description: 'Dollars per hour by model.',
          unit: 'currencyUSD',
          kind: 'timeseries',
          queries: [['3600 * sum by (model) (rate(signalbox_cost_usd_total[1h]))', '{{model}}']],
          stacked: true,
        },
        {
          title: 'Per hour by provider',
          description: 'Dollars per hour by provider.',
          unit: 'currencyUSD',
          kind: 'timeseries',
          queries: [['3600 * sum by (provider) (rate(signalbox_cost_usd_total[1h]))', '{{provider}}']],
          stacked: true,
        },
        {
          title: 'Against last week',
          description: 'Dollars per hour now and at the same time a week ago, once there are data of a week.',
          unit: 'currencyUSD',
          kind: 'timeseries',
          queries: [
            ['3600 * sum(rate(signalbox_cost_usd_total[1h]))', 'now'],
            ['3600 * sum(rate(signalbox_cost_usd_total[1h] offset 7d))', 'a week ago'],
          ],
        },
        {
          title: 'Per 1,000 tokens',
          description: 'What a thousand tokens, in and out, cost in the mean, by provider. Local models cost nothing.',
          unit: 'currencyUSD',
          kind: 'timeseries',
          queries: [
            [
              '1000 * sum by (provider) (rate(signalbox_cost_usd_total[1h])) / sum by (provider) (rate(signalbox_tokens_total{type=~"input|output"}[1h]))',
              '{{provider}}',
            ],
          ],
          decimals: 4,
        },
        {
          title: 'Costliest models, 24 hours',
          description: 'Spend of the last 24 hours by model.',
          unit: 'currencyUSD',
          kind: 'bargauge',
          queries: [['topk(10, sum by (model) (increase(signalbox_cost_usd_total[24h])))', '{{model}}']],
        },
        {
          title: 'Estimates too low',
          description:
            'Dollars per hour by which answers cost more than was reserved for them; budgets can be overdrawn by that much.',
          unit: 'currencyUSD',
          kind: 'timeseries',
          queries: [
            [
              '3600 * sum by (model) (rate(signalbox_budget_reservation_error_nanodollars_total[1h])) / 1000000000',
              '{{model}}',
            ],
          ],
        },
      ],
    },
  ],
};
