/** Keys, their budgets, and the form that makes one. Pure. */
import type { Key } from '../api/answers.js';
import type { Tone } from './fleet.js';

/** What a key is called where it has no name of its own. */
export function keyTitle(key: Pick<Key, 'key_alias' | 'key_name'>): string {
  return key.key_alias ?? key.key_name;
}

/** What stands under its title: how the key ends, where that is not the title, and whose it is. */
export function aboutKey(key: Pick<Key, 'key_alias' | 'key_name' | 'team_id' | 'role'>): string[] {
  return [
    key.key_alias === null ? 'without a name' : key.key_name,
    key.team_id === null ? null : `team ${key.team_id}`,
    key.role === 'admin' ? 'admin' : null,
  ].filter((fact) => fact !== null);
}

export function keyTone(key: Pick<Key, 'status'>): Tone {
  return key.status === 'active' ? 'good' : key.status === 'blocked' ? 'bad' : 'idle';
}

export interface BudgetView {
  /** 0 to 100, for the bar. */
  readonly filled: number;
  /** The true share, which can be over 100. */
  readonly percent: number;
  readonly tone: Tone;
}

/** How far a budget is used; null where there is none. A budget of nothing is used up from the start. */
export function budgetOf(spent: number, limit: number | null): BudgetView | null {
  if (limit === null) return null;
  const percent = limit > 0 ? (spent / limit) * 100 : 100;
  return {
    percent,
    filled: Math.min(100, Math.max(0, percent)),
    tone: percent >= 100 ? 'bad' : percent >= 80 ? 'warn' : 'good',
  };
}

/** Limits beside the money, in words. */
export function limitsOf(
  key: Pick<
    Key,
    'rpm_limit' | 'tpm_limit' | 'max_tokens_budget' | 'max_requests_budget' | 'budget_duration' | 'data_policy'
  >,
): string[] {
  const period = key.budget_duration === null ? 'in all' : `each ${key.budget_duration}`;
  return [
    key.rpm_limit === null ? null : `${String(key.rpm_limit)} requests a minute`,
    key.tpm_limit === null ? null : `${String(key.tpm_limit)} tokens a minute`,
    key.max_tokens_budget === null ? null : `${String(key.max_tokens_budget)} tokens ${period}`,
    key.max_requests_budget === null ? null : `${String(key.max_requests_budget)} requests ${period}`,
    key.data_policy === null ? null : `data policy ${key.data_policy}`,
  ].filter((limit) => limit !== null);
}

/** What somebody typed to make a key. */
export interface KeyForm {
  readonly name: string;
  readonly team: string;
  readonly models: string;
  readonly budget: string;
  readonly budgetDuration: string;
  readonly expires: string;
}

export const emptyKeyForm: KeyForm = { name: '', team: '', models: '', budget: '', budgetDuration: '30d', expires: '' };

/** The body of /key/generate, or what is wrong with the form. */
export function newKeyBody(form: KeyForm): { body: Record<string, unknown> } | { problem: string } {
  const name = form.name.trim();
  if (name === '') return { problem: 'Give the key a name: reports and logs show it.' };
  const models = form.models
    .split(/[\n,]/)
    .map((model) => model.trim())
    .filter((model) => model !== '');
  const budgetText = form.budget.trim().replace(/^\$/, '').replace(',', '.');
  const budget = budgetText === '' ? null : Number(budgetText);
  if (budget !== null && !(Number.isFinite(budget) && budget >= 0))
    return { problem: 'The budget must be an amount in USD.' };
  return {
    body: {
      key_alias: name,
      ...(form.team.trim() === '' ? {} : { team_id: form.team.trim() }),
      ...(models.length === 0 ? {} : { models }),
      ...(budget === null ? {} : { max_budget: budget }),
      ...(budget === null || form.budgetDuration === '' ? {} : { budget_duration: form.budgetDuration }),
      ...(form.expires === '' ? {} : { duration: form.expires }),
    },
  };
}
