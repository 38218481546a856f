/** Keys, their budgets, and the form that makes one. Pure. */
import type { Key } from '../api/answers.js';
import type { Tone } from './fleet.js';
import { count, usd } from './format.js';

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

/** One bar: what was used of a budget, in its unit. */
export interface BudgetLine {
  readonly unit: 'usd' | 'tokens' | 'requests';
  readonly used: number;
  readonly limit: number | null;
}

type Budgets = 'spend' | 'max_budget' | 'max_tokens_budget' | 'tokens_used' | 'max_requests_budget' | 'requests_used';

/** The budgets of a key; its spend alone where it has none. */
export function budgetLines(key: Pick<Key, Budgets>): BudgetLine[] {
  const lines: BudgetLine[] = [
    { unit: 'usd', used: key.spend, limit: key.max_budget },
    { unit: 'tokens', used: key.tokens_used ?? 0, limit: key.max_tokens_budget },
    { unit: 'requests', used: key.requests_used ?? 0, limit: key.max_requests_budget },
  ];
  const limited = lines.filter((line) => line.limit !== null);
  return limited.length === 0 ? lines.slice(0, 1) : limited;
}

/** An amount of a budget in words: `$1.50`, `1.2M tokens`. */
export function amountOf(unit: BudgetLine['unit'], amount: number): string {
  if (unit === 'usd') return usd(amount);
  return `${count(amount)} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

/** Limits beside the budgets, in words. */
export function limitsOf(key: Pick<Key, 'rpm_limit' | 'tpm_limit' | 'data_policy'>): string[] {
  return [
    key.rpm_limit === null ? null : `${String(key.rpm_limit)} requests a minute`,
    key.tpm_limit === null ? null : `${String(key.tpm_limit)} tokens a minute`,
    key.data_policy === null ? null : `data policy ${key.data_policy}`,
  ].filter((limit) => limit !== null);
}

const budgetFields = { usd: 'max_budget', tokens: 'max_tokens_budget', requests: 'max_requests_budget' } as const;

/** What somebody typed to make a key. */
export interface KeyForm {
  readonly name: string;
  readonly team: string;
  readonly models: string;
  readonly budget: string;
  readonly budgetUnit: BudgetLine['unit'];
  readonly budgetDuration: string;
  readonly expires: string;
}

export const emptyKeyForm: KeyForm = {
  name: '',
  team: '',
  models: '',
  budget: '',
  budgetUnit: 'usd',
  budgetDuration: '30d',
  expires: '',
};

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
  if (budget !== null && !(Number.isFinite(budget) && budget >= 0)) {
    return { problem: 'The budget must be a number.' };
  }
  if (budget !== null && form.budgetUnit !== 'usd' && !Number.isInteger(budget)) {
    return { problem: `A budget in ${form.budgetUnit} must be a whole number.` };
  }
  return {
    body: {
      key_alias: name,
      ...(form.team.trim() === '' ? {} : { team_id: form.team.trim() }),
      ...(models.length === 0 ? {} : { models }),
      ...(budget === null ? {} : { [budgetFields[form.budgetUnit]]: budget }),
      ...(budget === null || form.budgetDuration === '' ? {} : { budget_duration: form.budgetDuration }),
      ...(form.expires === '' ? {} : { duration: form.expires }),
    },
  };
}
