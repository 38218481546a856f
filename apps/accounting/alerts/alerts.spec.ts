import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { AlertBudgetEvent } from '#contracts';
import { BackendId, DeploymentId } from '#contracts';
import { credentialsPayload, retiredModelsPayload, slackAccount } from './account-alert-payload.js';
import { alertTargets, wantsAccountAlerts, wantsBudgetAlerts, wantsSpendReports } from './alert-targets.js';
import { reportsDue } from './report-period.js';
import { slackReport, spendReportPayload } from './spend-report-payload.js';
import { signatureOf } from './signature.js';
import { postWebhook } from './webhook.client.js';
import { slackText, webhookPayload } from './webhook-payload.js';

const alert: AlertBudgetEvent = {
  v: 1,
  at: '2026-11-21T10:00:00.000Z',
  event: 'budget_crossed',
  scope: 'usd/key/k1',
  unit: 'usd',
  windowId: '1d@2026-11-21T00:00:00.000Z',
  thresholdPercent: 100,
  spent: 100_000_000,
  limit: 100_000_000,
  softLimit: null,
  resetAt: '2026-11-22T00:00:00.000Z',
  keyId: 'k1',
  keyAlias: 'k1',
  teamId: null,
  teamAlias: null,
  userId: null,
  round: 0,
};

describe('the body of a webhook', () => {
  it("is LiteLLM's, with fields of ours behind it", () => {
    expect(webhookPayload(alert)).toMatchObject({
      spend: 0.1,
      max_budget: 0.1,
      soft_budget: null,
      token: null,
      user_id: null,
      team_id: null,
      team_alias: null,
      user_email: null,
      customer_id: null,
      organization_id: null,
      alert_emails: null,
      max_budget_alert_emails: null,
      key_alias: 'k1',
      projected_exceeded_date: null,
      projected_spend: null,
      event: 'budget_crossed',
      event_group: 'key',
      event_message: 'Key Budget: Budget Crossed',
      threshold_percent: 100,
    });
  });

  it('names the group and counts in the unit', () => {
    const team = { ...alert, scope: 'tokens/team/t', unit: 'tokens' as const, spent: 800, limit: 1_000 };
    expect(webhookPayload(team)).toMatchObject({ event_group: 'team', spend: 800, max_budget: 1_000, unit: 'tokens' });
    expect(webhookPayload({ ...alert, scope: 'usd/global' }).event_group).toBe('proxy');
    expect(webhookPayload({ ...alert, scope: 'usd/key/k1/gpt-4o' }).model).toBe('gpt-4o');
  });
});

describe('the text for Slack', () => {
  it('says who, how much and until when', () => {
    expect(slackText({ ...alert, event: 'threshold_crossed', thresholdPercent: 80, spent: 80_000_000 }).text).toBe(
      '*80% Threshold Crossed*: k1\nspent $0.08 of $0.1\nIt is renewed at 2026-11-22T00:00:00.000Z.',
    );
  });

  it('forges no mentions', () => {
    expect(slackText({ ...alert, keyAlias: '<!channel> & co' }).text).toContain('&lt;!channel&gt; &amp; co');
  });
});

describe('what is said of accounts at providers', () => {
  const account = {
    v: 1 as const,
    at: '2026-11-21T10:00:00.000Z',
    backendId: BackendId.parse('or'),
    provider: 'openrouter',
  };

  it('names the models that are gone', () => {
    const replacement = { upstreamModel: 'b/new:free', contextLength: 131_072, capabilities: ['tools'] };
    const gone = [
      {
        deploymentId: DeploymentId.parse('d1'),
        modelName: 'free',
        upstreamModel: 'qwen/qwen3-coder:free',
        replacement,
      },
      { deploymentId: DeploymentId.parse('d2'), modelName: 'free', upstreamModel: 'x/<y>:free', replacement: null },
    ];
    const payload = retiredModelsPayload({ ...account, gone });
    expect(payload).toMatchObject({
      event: 'models_retired',
      models: [
        {
          model_name: 'free',
          model_id: 'd1',
          upstream_model: 'qwen/qwen3-coder:free',
          replacement: 'b/new:free',
          replacement_strengths: ['tools'],
        },
        { model_id: 'd2', replacement: null },
      ],
    });
    expect(slackAccount(payload).text).toContain('b/new:free for qwen/qwen3-coder:free');
    expect(slackAccount(payload).text).toContain('x/&lt;y&gt;:free');
  });

  it.each([
    ['refused', 'credentials_refused', 'refuses the API key'],
    ['no-credit', 'credit_used_up', 'no credit'],
  ] as const)('says that an account is %s', (problem, event, text) => {
    const payload = credentialsPayload({ ...account, problem });
    expect(payload).toMatchObject({ event, backend_id: 'or', event_message: expect.stringContaining(text) });
  });

  it('may be switched off by alert_types', () => {
    expect([undefined, ['outage_alerts'], ['budget_alerts']].map(wantsAccountAlerts)).toEqual([true, true, false]);
  });
});

describe('targets', () => {
  it('are those that are switched on and have an address', () => {
    const variables = { WEBHOOK_URL: 'http://a/b', SIGNALBOX_WEBHOOK_SECRET: 's' };
    expect(alertTargets(['webhook', 'slack', 'email'], variables)).toEqual({
      targets: [{ kind: 'webhook', url: 'http://a/b', secret: 's' }],
      missing: ['SLACK_WEBHOOK_URL'],
    });
    expect(alertTargets([], variables)).toEqual({ targets: [], missing: [] });
  });

  it('may be switched off by alert_types', () => {
    expect([
      wantsBudgetAlerts(undefined),
      wantsBudgetAlerts(['budget_alerts']),
      wantsBudgetAlerts(['db_exceptions']),
    ]).toEqual([true, true, false]);
  });
});

describe('spend reports', () => {
  const due = (now: string) => reportsDue(new Date(now)).map(({ period, from, to }) => `${period} ${from} ${to}`);

  it('are due for yesterday, and on Mondays for the week', () => {
    expect(due('2026-11-21T00:09:59Z')).toEqual([]);
    expect(due('2026-11-21T00:10:00Z')).toEqual(['daily 2026-11-20 2026-11-20']);
    expect(due('2026-11-23T23:00:00Z')).toEqual(['daily 2026-11-22 2026-11-22', 'weekly 2026-11-16 2026-11-22']);
    expect([undefined, ['spend_reports'], ['budget_alerts']].map(wantsSpendReports)).toEqual([true, true, false]);
  });

  it('say who spent what', () => {
    const report = {
      v: 1 as const,
      period: 'daily' as const,
      from: '2026-11-20',
      to: '2026-11-20',
      total: { spendNanoUsd: 1_234_000_000, requests: 12, tokens: 3_456 },
      savedNanoUsd: 5_000_000,
      keys: [{ name: 'bot <x>', spendNanoUsd: 1_234_000_000, requests: 12, tokens: 3_456 }],
      models: [],
    };
    expect(slackReport(report).text).toBe(
      '*Daily spend report*, 2026-11-20 (UTC)\n$1.23 in 12 requests, 3456 tokens\nLocal models saved about $0.0050.\n' +
        'By key:\n• bot &lt;x&gt;: $1.23 in 12 requests',
    );
    expect(spendReportPayload(report)).toMatchObject({
      event: 'spend_report',
      spend: 1.234,
      keys: [{ name: 'bot <x>' }],
    });
  });
});

describe('signatures', () => {
  it('are made of the time and the body', () => {
    const at = new Date(1_700_000_000_000);
    // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
    expect(signatureOf('{}', 'secret', at)).toBe(
      't=1700000000,v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163',
    );
    expect(signatureOf('{ }', 'secret', at)).not.toBe(signatureOf('{}', 'secret', at));
  });
});

describe('posting', () => {
  it.each([
    [204, { kind: 'sent' }],
    [500, { kind: 'failed', reason: 'status 500' }],
    [429, { kind: 'failed', reason: 'status 429' }],
    [404, { kind: 'refused', status: 404 }],
  ])('understands status %i', async (status, result) => {
    const seen: { signature: unknown; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push({ signature: request.headers['x-signalbox-signature'], body });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const at = new Date(1_700_000_000_000);
    const target = { url: `http://127.0.0.1:${port}/hook`, secret: 'secret' };
    expect(await postWebhook(target, {}, at)).toEqual(result);
    expect(seen).toEqual([{ signature: signatureOf('{}', 'secret', at), body: '{}' }]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('fails without a word of the address where nobody listens', async () => {
    const result = await postWebhook({ url: 'http://127.0.0.1:1/token-of-mine', secret: null }, {}, new Date());
    expect(result.kind).toBe('failed');
    expect(JSON.stringify(result)).not.toContain('token-of-mine');
  });
});
