/** Budgets of members, larger budgets for a while, and spend that an admin sets. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AddTeamMembers,
  CreateTeam,
  DeleteTeams,
  GenerateKey,
  GetKeyInfo,
  KeyDigest,
  LeaseBudget,
  ListAudit,
  LookUpKey,
  memberId,
  RemoveTeamMembers,
  TeamId,
  TeamMember,
  UpdateKey,
  UpdateTeam,
  UpdateTeamMember,
  UsageClose,
  UserId,
} from '#contracts';
import { startNats, startPostgres, type TestDatabase, type TestServer } from '#testing';
import { startAccounting, until, type AccountingService } from './accounting-service.js';
import { closeEvent, sampleSnapshot } from './samples.js';

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
const dollar = 1_000_000_000;

async function generate(fields: Record<string, unknown>) {
  const digest = KeyDigest.parse(randomBytes(32).toString('hex'));
  const { key } = await service.bus.request(GenerateKey, { v: 1, actor, secret: { digest, last4: 'abcd' }, fields });
  return { digest, ...key };
}
const update = async (token: string, fields: Record<string, unknown>) => {
  const { id } = (await lookUpById(token)) ?? { id: null };
  if (id === null) throw new Error('no such key');
  return (await service.bus.request(UpdateKey, { v: 1, actor, key: { by: 'id', id }, fields })).key;
};
const lookUpById = async (token: string) => {
  const { key } = await service.bus.request(GetKeyInfo, { v: 1, key: { by: 'id', id: keyIdOf(token) } });
  return { id: key.token, ...key };
};
const keyIdOf = (token: string) => GetKeyInfo.reply.shape.key.shape.token.parse(token);
let leases = 0;
async function lease(scope: string, need: number) {
  leases += 1;
  const wants = [{ leaseId: `lease-${leases}`, scope, need, want: need }];
  const { answers } = await service.bus.request(LeaseBudget, { v: 1, holder: 'g', epoch: 1, wants });
  return answers[0];
}
const spendOf = async (token: string) => (await lookUpById(token)).spend;
/** Posts usage of a key, on a lease where there is one. */
async function use(id: string, token: string, costNanoUsd: number, leaseOf: { id: string; scope: string } | null) {
  const payer = { keyId: token, leases: leaseOf === null ? [] : [{ ...leaseOf, windowId: 'all' }] };
  const event = closeEvent(id, { costNanoUsd, payer });
  await service.bus.publishDurable(UsageClose, event, { messageId: id });
  await until(async () => {
    const { rows } = await service.sql.query('SELECT 1 FROM attempts WHERE attempt_id LIKE $1', [`${id}%`]);
    return rows.length === 1;
  });
}

describe('a member', () => {
  const teamId = TeamId.parse('lab/1');
  const ada = UserId.parse('ada@example.org');
  const scope = `usd/member/${encodeURIComponent(memberId(teamId, ada))}`;
  const member = { user_id: ada, max_budget_in_team: 2 };

  it('has a budget in the team, which pays for keys of both', async () => {
    await service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: teamId, max_budget: 100 } });
    const { team } = await service.bus.request(AddTeamMembers, { v: 1, actor, teamId, members: [member] });
    expect(team.members_with_roles).toMatchObject([{ user_id: ada, max_budget_in_team: 2, spend: 0 }]);
    const { digest } = await generate({ team_id: teamId, user_id: ada });
    const { key } = await service.bus.request(LookUpKey, { v: 1, digest });
    expect(key?.budgetScopes).toEqual([`usd/team/lab%2F1`, scope]);
    const alone = await generate({ user_id: ada });
    expect((await service.bus.request(LookUpKey, { v: 1, digest: alone.digest })).key?.budgetScopes).toEqual([]);
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'denied', limit: 2 * dollar });
    expect(await lease(scope, dollar)).toMatchObject({ kind: 'granted' });
  });

  it('can get another budget, and back the default of the team', async () => {
    const change = (more: object) =>
      service.bus.request(UpdateTeamMember, { v: 1, actor, teamId, member: { user_id: ada, ...more } });
    const { team } = await change({ max_budget_in_team: 50, role: 'admin' });
    expect(team).toMatchObject({ admins: [ada], members_with_roles: [{ max_budget_in_team: 50 }] });
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'granted' });
    expect((await change({})).team.members_with_roles).toMatchObject([{ role: 'admin', max_budget_in_team: 50 }]);
    await change({ max_budget_in_team: null });
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'unlimited' });
    await service.bus.request(UpdateTeam, { v: 1, actor, teamId, fields: { team_member_budget: 1 } });
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'denied', limit: dollar });
    await expect(change({ user_id: 'stranger' })).rejects.toMatchObject({ code: 'invalid_request' });
    const { entries } = await service.bus.request(ListAudit, { v: 1, targetKind: 'team', targetId: teamId });
    expect(entries.find((entry) => entry.action === 'member_update')).toMatchObject({
      before: { maxBudgetNanoUsd: 50 * dollar },
      after: { maxBudgetNanoUsd: null },
    });
  });

  it('is found by an e-mail address, and made where nobody has it', async () => {
    const lab = TeamId.parse('lab/2');
    await service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: lab } });
    const add = (...members: object[]) =>
      service.bus.request(AddTeamMembers, {
        v: 1,
        actor,
        teamId: lab,
        members: members.map((one) => TeamMember.parse(one)),
      });
    const { team } = await add({ user_id: 'cy', user_email: 'cy@example.org' }, { user_email: 'new@example.org' });
    const emails = team.members_with_roles.map((one) => one.user_email);
    expect(new Set(emails)).toEqual(new Set(['cy@example.org', 'new@example.org']));
    const again = await add({ user_email: 'cy@example.org', role: 'admin' });
    expect(again.team.members).toHaveLength(2);
    expect(again.team.admins).toEqual(['cy']);
    const leave = (userEmails: string[]) =>
      service.bus.request(RemoveTeamMembers, { v: 1, actor, teamId: lab, userIds: [], userEmails });
    expect((await leave(['new@example.org'])).team.members).toEqual(['cy']);
    await expect(leave(['nobody@example.org'])).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('keeps what is not given when added again', async () => {
    const change = (more: object) =>
      service.bus.request(UpdateTeamMember, { v: 1, actor, teamId, member: { user_id: ada, ...more } });
    await change({ max_budget_in_team: 4, rpm_limit: 7, role: 'admin' });
    const again = { v: 1 as const, actor, teamId, members: [TeamMember.parse({ user_id: ada })] };
    const { team } = await service.bus.request(AddTeamMembers, again);
    expect(team.members_with_roles).toMatchObject([{ role: 'admin', max_budget_in_team: 4, rpm_limit: 7 }]);
    expect((await change({ rpm_limit: null })).team.members_with_roles).toMatchObject([{ rpm_limit: null }]);
  });

  it('that is none, but has a key in the team, has the default too', async () => {
    const before = await generate({ team_id: 'lab/3', user_id: 'guest' });
    const fields = { team_member_budget: 1, team_member_rpm_limit: 3 };
    await service.bus.request(UpdateTeam, { v: 1, actor, teamId: TeamId.parse('lab/3'), fields });
    const guest = `usd/member/${encodeURIComponent(memberId('lab/3', 'guest'))}`;
    const { key } = await service.bus.request(LookUpKey, { v: 1, digest: before.digest });
    expect(key).toMatchObject({ budgetScopes: [guest], memberLimits: { rpm: 3, tpm: null } });
    expect(await lease(guest, 2 * dollar)).toMatchObject({ kind: 'denied', limit: dollar });
    await generate({ team_id: 'lab/3', user_id: 'second' });
    const second = `usd/member/${encodeURIComponent(memberId('lab/3', 'second'))}`;
    expect(await lease(second, 2 * dollar)).toMatchObject({ kind: 'denied', limit: dollar });
  });

  it('loses it with the membership, and the keys in the team', async () => {
    const held = await generate({ team_id: teamId, user_id: ada });
    const elsewhere = await generate({ user_id: ada });
    await service.bus.request(RemoveTeamMembers, { v: 1, actor, teamId, userIds: [ada] });
    expect((await service.bus.request(LookUpKey, { v: 1, digest: held.digest })).key).toBeNull();
    expect((await service.bus.request(LookUpKey, { v: 1, digest: elsewhere.digest })).key).not.toBeNull();
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'unlimited' });
    await service.bus.request(AddTeamMembers, { v: 1, actor, teamId, members: [member] });
    await service.bus.request(DeleteTeams, { v: 1, actor, teamIds: [teamId] });
    expect(await lease(scope, 3 * dollar)).toMatchObject({ kind: 'unlimited' });
  });
});

describe('changes of one team at the same moment', () => {
  it('do not get into the way of each other', async () => {
    const teamId = TeamId.parse('crowd');
    await service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: teamId } });
    const users = ['m0', 'm1', 'm2'].map((id) => UserId.parse(id));
    const member = (i: number) => TeamMember.parse({ user_id: users[i % 3], role: 'user' });
    await Promise.all([
      ...Array.from({ length: 9 }, (_, i) =>
        service.bus.request(AddTeamMembers, { v: 1, actor, teamId, members: [member(i)] }),
      ),
      ...Array.from({ length: 9 }, (_, i) => generate({ team_id: teamId, user_id: users[i % 3] })),
      service.bus.request(UpdateTeam, { v: 1, actor, teamId, fields: { team_member_budget: 1 } }),
    ]);
    expect(await lease(`usd/member/${encodeURIComponent(memberId(teamId, 'm1'))}`, 2 * dollar)).toMatchObject({
      kind: 'denied',
    });
  });

  it('leave no key behind that is free of a deleted team', async () => {
    for (let round = 0; round < 5; round += 1) {
      const teamId = TeamId.parse(`short-lived-${round}`);
      await service.bus.request(CreateTeam, { v: 1, actor, fields: { team_id: teamId, models: ['only-this'] } });
      await generate({ team_id: teamId });
      const [, ...made] = await Promise.all([
        service.bus.request(DeleteTeams, { v: 1, actor, teamIds: [teamId] }),
        ...Array.from({ length: 4 }, () => generate({ team_id: teamId })),
      ]);
      for (const { digest } of made) {
        const { key } = await service.bus.request(LookUpKey, { v: 1, digest });
        if (key === null) continue;
        // It came after the deletion, so it belongs to a team that was made anew.
        const { rows } = await service.sql.query('SELECT deleted_at FROM teams WHERE id = $1', [teamId]);
        expect(rows).toEqual([{ deleted_at: null }]);
      }
    }
  });
});

describe('a larger budget for a while', () => {
  it('counts until its time', async () => {
    const { token } = await generate({ max_budget: 1 });
    const scope = `usd/key/${token}`;
    expect(await lease(scope, 2 * dollar)).toMatchObject({ kind: 'denied', limit: dollar });
    await expect(update(token, { temp_budget_increase: 2 })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(
      update(token, { temp_budget_increase: 2, temp_budget_expiry: '2020-01-01T00:00:00Z' }),
    ).rejects.toMatchObject({ details: { param: 'temp_budget_expiry' } });
    const key = await update(token, { temp_budget_increase: 2, temp_budget_expiry: '1d' });
    expect(key).toMatchObject({ max_budget: 1, temp_budget_increase: 2, temp_budget_expiry: expect.any(String) });
    expect(await lease(scope, 2 * dollar)).toMatchObject({ kind: 'granted' });
    // Its time comes: nothing has to run for that.
    await service.sql.query(`UPDATE budget SET temp_until = now() - interval '1 second' WHERE scope = $1`, [scope]);
    expect(await lease(scope, dollar / 2)).toMatchObject({ kind: 'denied', limit: dollar });
  });
});

describe('the spend of a key', () => {
  it('can be set, as a correction in the ledger', async () => {
    const { token } = await generate({ max_budget: 1 });
    const scope = `usd/key/${token}`;
    const granted = await lease(scope, dollar);
    expect(granted).toMatchObject({ kind: 'granted' });
    await use('spent-1', token, dollar, { id: granted?.leaseId ?? '', scope });
    await until(async () => (await spendOf(token)) === 1);
    expect(await lease(scope, 1)).toMatchObject({ kind: 'denied' });
    expect(await update(token, { spend: 0.25 })).toMatchObject({ spend: 0.25, total_spend: 1 });
    expect(await lease(scope, dollar * 0.75)).toMatchObject({ kind: 'granted' });
    const { rows } = await service.sql.query(
      `SELECT w.settled::bigint AS settled, (SELECT sum(amount)::bigint FROM ledger l WHERE l.scope = w.scope) AS ledger
       FROM scope_window w WHERE w.scope = $1`,
      [scope],
    );
    expect(rows).toEqual([{ settled: dollar / 4, ledger: dollar / 4 }]);
    expect(await update(token, { rpm_limit: 5 })).toMatchObject({ spend: 0.25 });
  });

  it('counts for a budget without end that is set later', async () => {
    const { token } = await generate({});
    await use('spent-2', token, 2 * dollar, null);
    await until(async () => (await spendOf(token)) === 2);
    await update(token, { max_budget: 3, max_requests_budget: 1 });
    expect(await spendOf(token)).toBe(2);
    expect(await lease(`usd/key/${token}`, 2 * dollar)).toMatchObject({ kind: 'denied', settled: 2 * dollar });
    expect(await lease(`usd/key/${token}`, dollar)).toMatchObject({ kind: 'granted' });
    expect(await lease(`requests/key/${token}`, 1)).toMatchObject({ kind: 'denied', settled: 1 });
  });

  it('of a window is that window\u2019s', async () => {
    const { token } = await generate({ max_budget: 5, budget_duration: '1d', spend: 4 });
    expect(await spendOf(token)).toBe(4);
    expect(await lease(`usd/key/${token}`, 2 * dollar)).toMatchObject({ kind: 'denied' });
    expect(await update(token, { spend: 0 })).toMatchObject({ spend: 0, total_spend: 0 });
    expect(await lease(`usd/key/${token}`, 2 * dollar)).toMatchObject({ kind: 'granted' });
  });
});
