/** The admin messages, as the ingress sends them. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AddTeamMembers,
  BlockKey,
  BlockTeam,
  CreateTeam,
  CreateUser,
  DeleteKeys,
  DeleteTeams,
  DeleteUsers,
  GatewayError,
  GenerateKey,
  GetKeyInfo,
  GetTeamInfo,
  GetUserInfo,
  KeyDigest,
  KeyId,
  KeysBucket,
  ListAudit,
  ListKeys,
  ListTeams,
  ListUsers,
  LookUpKey,
  RegenerateKey,
  RemoveTeamMembers,
  TeamId,
  UnblockKey,
  UpdateKey,
  UpdateTeam,
  UpdateUser,
  UserId,
} from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { sampleSnapshot } from './samples.js';

let nats: TestServer;
let postgres: TestDatabase;
let service: AccountingService;

beforeAll(async () => {
  [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  service = await startAccounting({ natsUrl: nats.url, databaseUrl: postgres.url, snapshot: sampleSnapshot() });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([nats.stop(), postgres.stop()]);
});

const actor = { kind: 'master' as const, keyId: null, alias: null };
const newDigest = () => KeyDigest.parse(randomBytes(32).toString('hex'));

async function generate(fields: Record<string, unknown>, digest = newDigest()) {
  const reply = await service.bus.request(GenerateKey, { v: 1, actor, secret: { digest, last4: 'abcd' }, fields });
  return { digest, ...reply };
}
async function lookUp(digest: KeyDigest) {
  return (await service.bus.request(LookUpKey, { v: 1, digest })).key;
}
const byDigest = (digest: KeyDigest) => ({ by: 'digest' as const, digest });

describe('a key', () => {
  it('is made as seed scripts ask for it, with the team that it names', async () => {
    const made = await generate({ max_budget: 50, budget_duration: '1d', team_id: 'solar-qa-bot' });
    expect(made).toMatchObject({ created_team: 'solar-qa-bot', created_user: null, warnings: [] });
    expect(made.key).toMatchObject({
      key_name: 'sk-...abcd',
      max_budget: 50,
      spend: 0,
      budget_duration: '1d',
      team_id: 'solar-qa-bot',
      created_by: 'master',
      status: 'active',
    });
    expect(Date.parse(made.key.budget_reset_at ?? '')).toBeGreaterThan(Date.now());
    expect(await lookUp(made.digest)).toMatchObject({
      id: made.key.token,
      role: 'user',
      teamId: 'solar-qa-bot',
      blocked: false,
      budgetScopes: [`usd/key/${made.key.token}`],
      priority: 'normal',
    });
    expect(await generate({ team_id: 'solar-qa-bot' })).toMatchObject({ created_team: null });
  });

  it('carries all that it was given', async () => {
    const fields = {
      key_alias: 'everything',
      models: ['gpt-4o', 'ollama/*'],
      user_id: 'ada@example.org',
      soft_budget: 2.5,
      max_budget: 5,
      max_tokens_budget: 1_000_000,
      max_requests_budget: 500,
      budget_duration: '30d',
      budget_reset_at: '06:30',
      duration: '30d',
      rpm_limit: 10,
      rps_limit: 2,
      tpm_limit: 30_000,
      max_parallel_requests: 3,
      model_max_budget: { 'gpt-4o': { budget_limit: '1' }, o3: { max_budget: 0.5, budget_duration: '1d' }, cheap: 1 },
      model_rpm_limit: { 'gpt-4o': 5 },
      model_tpm_limit: { 'gpt-4o': 500 },
      aliases: { fast: 'gpt-4o' },
      metadata: { owner: 'ada' },
      tags: ['job:a', 'job:a'],
      permissions: { stream: true },
      priority: 'batch',
      data_policy: 'local',
      logging: 'full',
      max_wait: '20s',
    };
    await expect(generate(fields)).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'model_max_budget' },
    });
    const budgets = { ...fields.model_max_budget, 'gpt-4o': { budget_limit: 1 } };
    const made = await generate({ ...fields, model_max_budget: budgets });
    expect(made).toMatchObject({ created_user: 'ada@example.org', warnings: [] });
    const { duration: _, ...shown } = fields;
    expect(made.key).toMatchObject({
      ...shown,
      tags: ['job:a'],
      max_wait: 20,
      budget_reset_at: expect.stringMatching(/T06:30:00.000Z$/),
      model_max_budget: {
        'gpt-4o': { budget_limit: 1, time_period: null },
        o3: { budget_limit: 0.5, time_period: '1d' },
        cheap: { budget_limit: 1, time_period: null },
      },
      expires: expect.any(String),
    });
    const record = await lookUp(made.digest);
    expect(record).toMatchObject({
      models: ['gpt-4o', 'ollama/*'],
      limits: { rpm: 10, rps: 2, tpm: 30_000, maxParallelRequests: 3 },
      modelRpm: { 'gpt-4o': 5 },
      dataPolicy: 'local',
      priority: 'batch',
      maxWaitMs: 20_000,
      fullLogging: true,
      modelBudgetScopes: { o3: `usd/key/${made.key.token}/o3` },
    });
    expect(record?.budgetScopes).toEqual(['usd', 'tokens', 'requests'].map((unit) => `${unit}/key/${made.key.token}`));
    const { rows } = await service.sql.query(
      'SELECT scope, limit_n, soft_limit_n, duration FROM budget WHERE owner_id = $1',
      [made.key.token],
    );
    expect(rows).toHaveLength(6);
    expect(rows).toContainEqual({
      scope: `usd/key/${made.key.token}`,
      limit_n: 5_000_000_000,
      soft_limit_n: 2_500_000_000,
      duration: '30d',
    });
  });

  it.each([
    [{ max_budget: -1 }, 'max_budget'],
    [{ max_budget: '10' }, 'max_budget'],
    [{ budget_duration: 'soon' }, 'budget_duration'],
    [{ budget_duration: '3mo' }, 'budget_duration'],
    [{ budget_reset_at: '25:00' }, 'budget_reset_at'],
    [{ duration: '1y' }, 'duration'],
    [{ rpm_limit: -5 }, 'rpm_limit'],
    [{ rpm_limit: 1.5 }, 'rpm_limit'],
    [{ models: 'gpt-4o' }, 'models'],
    [{ team_id: 'a b' }, 'team_id'],
    [{ priority: 'urgent' }, 'priority'],
    [{ data_policy: 'secret' }, 'data_policy'],
    [{ metadata: [] }, 'metadata'],
    [{ blocked: 'yes' }, 'blocked'],
    [{ max_budgt: 5 }, 'max_budgt'],
  ])('is refused with %o, naming the field', async (fields, param) => {
    await expect(generate(fields)).rejects.toMatchObject({ code: 'invalid_request', details: { param } });
  });

  it('says which fields did nothing', async () => {
    const { warnings } = await generate({ guardrails: ['x'], colour: 'red', soft_budget: 1, organization_id: null });
    expect(warnings).toEqual([
      'guardrails has no effect here',
      'colour is not a known field',
      'soft_budget has no effect without max_budget',
    ]);
  });

  it('is never sent over the bus itself', async () => {
    await expect(generate({ key: 'sk-1234567890' })).rejects.toBeInstanceOf(GatewayError);
    const { rows } = await service.sql.query(`SELECT 1 FROM audit WHERE audit::text LIKE '%sk-1234567890%'`);
    expect(rows).toEqual([]);
  });

  it('has an alias and a secret that no other key has', async () => {
    const first = await generate({ key_alias: 'only-one' });
    await expect(generate({ key_alias: 'only-one' })).rejects.toMatchObject({ details: { param: 'key_alias' } });
    await expect(generate({}, first.digest)).rejects.toMatchObject({ details: { param: 'key' } });
    await service.bus.request(DeleteKeys, { v: 1, actor, keys: [{ by: 'alias', alias: 'only-one' }] });
    await generate({ key_alias: 'only-one' });
  });

  it('is changed field by field, and null takes a limit away', async () => {
    const made = await generate({ max_budget: 1, rpm_limit: 5, metadata: { a: 1 }, duration: '1d' });
    const { key } = await service.bus.request(UpdateKey, {
      v: 1,
      actor,
      key: byDigest(made.digest),
      fields: { max_budget: null, tpm_limit: 7, duration: '-1' },
    });
    expect(key).toMatchObject({ max_budget: null, rpm_limit: 5, tpm_limit: 7, metadata: { a: 1 }, expires: null });
    expect(await lookUp(made.digest)).toMatchObject({ budgetScopes: [], limits: { rpm: 5, tpm: 7 } });
    const { rows } = await service.sql.query('SELECT 1 FROM budget WHERE owner_id = $1', [key.token]);
    expect(rows).toEqual([]);
  });

  it('whose limit is lowered holds it in the window that is running', async () => {
    const made = await generate({ max_budget: 10 });
    const scope = `usd/key/${made.key.token}`;
    await service.sql.query(
      `INSERT INTO scope_window (scope, window_id, limit_n, settled, held) VALUES ($1, 'all', 10000000000, 3000000000, 2000000000)`,
      [scope],
    );
    await service.bus.request(UpdateKey, { v: 1, actor, key: byDigest(made.digest), fields: { max_budget: 4 } });
    const { rows } = await service.sql.query('SELECT limit_n, overrun FROM scope_window WHERE scope = $1', [scope]);
    expect(rows).toEqual([{ limit_n: 4_000_000_000, overrun: 1_000_000_000 }]);
  });

  it('is blocked and unblocked, and every ingress is told', async () => {
    const made = await generate({});
    const seen: string[] = [];
    const bucket = await service.bus.bucket(KeysBucket);
    const watcher = bucket.watch((name) => seen.push(name));
    await until(() => seen.includes(`changed.${made.key.token}`));
    seen.length = 0;
    const blocked = await service.bus.request(BlockKey, { v: 1, actor, key: byDigest(made.digest) });
    expect(blocked.key).toMatchObject({ blocked: true, status: 'blocked' });
    await until(() => seen.includes(`changed.${made.key.token}`));
    expect(await lookUp(made.digest)).toMatchObject({ blocked: true, blockedBy: 'key' });
    await service.bus.request(UnblockKey, { v: 1, actor, key: byDigest(made.digest) });
    expect(await lookUp(made.digest)).toMatchObject({ blocked: false, blockedBy: null });
    watcher.stop();
  });

  it('made anew keeps its identity, and the old secret works for the grace period only', async () => {
    const made = await generate({ key_alias: 'rotating' });
    const [second, third] = [newDigest(), newDigest()];
    const ask = (digest: KeyDigest, secret: KeyDigest, gracePeriod: string | null) =>
      service.bus.request(RegenerateKey, {
        v: 1,
        actor,
        key: byDigest(digest),
        secret: { digest: secret, last4: 'wxyz' },
        gracePeriod,
        fields: {},
      });
    await expect(ask(made.digest, second, 'soon')).rejects.toMatchObject({ details: { param: 'grace_period' } });
    const renewed = await ask(made.digest, second, '10m');
    expect(renewed.key).toMatchObject({ token: made.key.token, key_alias: 'rotating', key_name: 'sk-...wxyz' });
    const old = await lookUp(made.digest);
    expect(old).toMatchObject({ id: made.key.token, expiresAt: renewed.old_valid_until });
    expect(await lookUp(second)).toMatchObject({ id: made.key.token, expiresAt: null });
    await ask(second, third, null);
    expect(await lookUp(made.digest)).toBeNull();
    expect(await lookUp(second)).toBeNull();
    expect(await lookUp(third)).toMatchObject({ id: made.key.token });
  });

  it('is deleted with all or none of the others', async () => {
    const [a, b] = [await generate({}), await generate({})];
    const missing = { by: 'id' as const, id: KeyId.parse('nobody') };
    await expect(
      service.bus.request(DeleteKeys, { v: 1, actor, keys: [byDigest(a.digest), missing] }),
    ).rejects.toMatchObject({ code: 'not_found' });
    expect(await lookUp(a.digest)).not.toBeNull();
    const { deleted } = await service.bus.request(DeleteKeys, {
      v: 1,
      actor,
      keys: [byDigest(a.digest), byDigest(b.digest)],
    });
    expect(deleted.map((one) => one.token)).toEqual([a.key.token, b.key.token]);
    expect(await lookUp(a.digest)).toBeNull();
    const info = await service.bus.request(GetKeyInfo, { v: 1, key: { by: 'id', id: a.key.token } });
    expect(info.key.status).toBe('deleted');
    await expect(service.bus.request(GetKeyInfo, { v: 1, key: byDigest(a.digest) })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('is listed by page, filtered and sorted', async () => {
    for (const name of ['list-c', 'list-a', 'list-b']) await generate({ key_alias: name, team_id: 'lister' });
    const list = (query: object) =>
      service.bus.request(ListKeys, { v: 1, team_id: 'lister', sort_by: 'key_alias', sort_order: 'asc', ...query });
    const first = await list({ size: 2 });
    expect(first).toMatchObject({ total_count: 3, current_page: 1, total_pages: 2 });
    expect(first.keys.map((key) => key.key_alias)).toEqual(['list-a', 'list-b']);
    expect((await list({ size: 2, page: 2 })).keys.map((key) => key.key_alias)).toEqual(['list-c']);
    expect(await list({ size: 2, page: 9 })).toMatchObject({ keys: [], total_count: 3 });
    // A wildcard of SQL is just a character.
    expect(await list({ key_alias: 'list-%' })).toMatchObject({ total_count: 0 });
    expect(await list({ key_alias: 'list-b' })).toMatchObject({ total_count: 1 });
  });

  it('leaves a trail of who changed what', async () => {
    const made = await generate({ rpm_limit: 1 });
    const admin = { kind: 'key' as const, keyId: KeyId.parse('admin-1'), alias: 'ops' };
    await service.bus.request(UpdateKey, { v: 1, actor: admin, key: byDigest(made.digest), fields: { rpm_limit: 2 } });
    const { entries } = await service.bus.request(ListAudit, { v: 1, targetKind: 'key', targetId: made.key.token });
    expect(entries).toMatchObject([
      { action: 'update', actor: admin, before: { rpmLimit: 1 }, after: { rpmLimit: 2 } },
      { action: 'generate', actor, before: null },
    ]);
    expect(JSON.stringify(entries)).not.toContain(made.digest);
    const page = await service.bus.request(ListAudit, { v: 1, targetId: made.key.token, limit: 1 });
    const next = await service.bus.request(ListAudit, { v: 1, targetId: made.key.token, before: page.next });
    expect(next.entries).toMatchObject([{ action: 'generate' }]);
  });

  it('that names a new team can be made by many at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => generate({ team_id: 'rush', user_id: 'rush' })));
    expect(made.filter((one) => one.created_team === 'rush')).toHaveLength(1);
  });
});

describe('a team', () => {
  const teamId = TeamId.parse('lab');

  it('is made, shown, changed, blocked and deleted, and its keys follow', async () => {
    const members_with_roles = [{ user_id: 'ada', role: 'admin' }];
    const { team } = await service.bus.request(CreateTeam, {
      v: 1,
      actor,
      fields: {
        team_id: teamId,
        team_alias: 'The lab',
        models: ['a'],
        max_budget: 9,
        rpm_limit: 4,
        members_with_roles,
      },
    });
    expect(team).toMatchObject({ team_alias: 'The lab', admins: ['ada'], max_budget: 9, blocked: false });
    await expect(service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: teamId } })).rejects.toMatchObject({
      details: { param: 'team_id' },
    });

    const key = await generate({ team_id: teamId });
    expect(await lookUp(key.digest)).toMatchObject({
      teamAlias: 'The lab',
      teamModels: ['a'],
      teamLimits: { rpm: 4, tpm: null },
      budgetScopes: ['usd/team/lab'],
    });

    await service.bus.request(UpdateTeam, { v: 1, actor, teamId, fields: { data_policy: 'local' } });
    await service.bus.request(BlockTeam, { v: 1, actor, teamId, blocked: true });
    expect(await lookUp(key.digest)).toMatchObject({ blocked: true, blockedBy: 'team', dataPolicy: 'local' });
    await service.bus.request(BlockTeam, { v: 1, actor, teamId, blocked: false });

    const info = await service.bus.request(GetTeamInfo, { v: 1, teamId });
    expect(info.keys.map((one) => one.token)).toEqual([key.key.token]);
    const { teams } = await service.bus.request(ListTeams, { v: 1, user_id: 'ada' });
    expect(teams.map((one) => one.team_id)).toEqual(['lab']);

    await service.bus.request(DeleteTeams, { v: 1, actor, teamIds: [teamId] });
    expect(await lookUp(key.digest)).toBeNull();
    await expect(service.bus.request(GetTeamInfo, { v: 1, teamId })).rejects.toMatchObject({ code: 'not_found' });
    expect(await generate({ team_id: teamId })).toMatchObject({ created_team: 'lab' });
    expect((await service.bus.request(GetTeamInfo, { v: 1, teamId })).team).toMatchObject({
      max_budget: null,
      members: [],
    });
  });

  it('gains and loses members', async () => {
    await service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: 'crew' } });
    const crew = TeamId.parse('crew');
    const userId = UserId.parse('bob');
    const added = await service.bus.request(AddTeamMembers, {
      v: 1,
      actor,
      teamId: crew,
      members: [{ user_id: userId, user_email: 'bob@example.org', max_budget_in_team: 1.5 }],
    });
    expect(added.team.members_with_roles).toMatchObject([
      { user_id: 'bob', user_email: 'bob@example.org', role: 'user', max_budget_in_team: 1.5, spend: 0 },
    ]);
    const removed = await service.bus.request(RemoveTeamMembers, { v: 1, actor, teamId: crew, userIds: [userId] });
    expect(removed.team.members).toEqual([]);
    await expect(
      service.bus.request(RemoveTeamMembers, { v: 1, actor, teamId: crew, userIds: [userId] }),
    ).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('a user', () => {
  it('comes with a key, and a proxy_admin with an admin key', async () => {
    const digest = newDigest();
    const made = await service.bus.request(CreateUser, {
      v: 1,
      actor,
      secret: { digest, last4: 'last' },
      fields: {
        user_id: 'carol',
        user_email: 'carol@example.org',
        max_budget: 3,
        key_alias: 'carols',
        teams: ['crew2'],
      },
    });
    expect(made.user).toMatchObject({ user_id: 'carol', teams: ['crew2'], max_budget: 3, user_role: 'internal_user' });
    expect(made.key).toMatchObject({ key_alias: 'carols', user_id: 'carol', max_budget: null });
    expect(made.warnings).toEqual([]);
    const userId = UserId.parse('carol');
    await service.bus.request(UpdateUser, { v: 1, actor, userId, fields: { user_role: 'proxy_admin' } });
    expect(await lookUp(digest)).toMatchObject({ role: 'admin', budgetScopes: ['usd/user/carol'] });
    const info = await service.bus.request(GetUserInfo, { v: 1, userId });
    expect(info).toMatchObject({ keys: [{ key_alias: 'carols' }], teams: [{ team_id: 'crew2' }] });
    const listed = await service.bus.request(ListUsers, { v: 1, role: 'proxy_admin' });
    expect(listed).toMatchObject({ total_count: 1, users: [{ user_id: 'carol' }] });
    await service.bus.request(DeleteUsers, { v: 1, actor, userIds: [userId] });
    expect(await lookUp(digest)).toBeNull();
  });
});
