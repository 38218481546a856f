/** Routes of LiteLLM's proxy that mean nothing here, and what to do instead: told with the 404. Pure. */

const instead: readonly (readonly [route: RegExp, hint: string])[] = [
  [
    /^\/budget\//,
    'Budgets are fields of keys, teams and users here: max_budget and budget_duration of /key/update, for example.',
  ],
  [
    /^\/(customer|end_user)\//,
    'End users are not managed here, only counted: see /global/spend/report?group_by=customer.',
  ],
  [/^\/tag\//, 'Tags need no registration: send them with a request, or give them to a key; see /spend/tags.'],
  [/^\/organization\//, 'There are no organizations here: use teams.'],
  [
    /^\/(model\/(new|update|delete|[^/]+\/update)|config\/(update|yaml|field)|credentials|guardrails|callbacks)(\/|$)/,
    'Models and settings stand in the config file; a change of it takes effect within two seconds.',
  ],
  [/^\/health\/(test_connection|services|history|latest)/, 'See /health for every backend and its last probe.'],
  [/^\/spend\/logs\//, 'See /spend/logs?request_id=, and /spend/logs/v2 for pages.'],
  [
    /^\/global\/spend\/(reset|refresh)/,
    'Spend is a ledger: to open a budget again, set spend of its key, team or user.',
  ],
  [
    /^(\/v1)?\/(files|batches|assistants|threads|vector_stores|fine_tuning|realtime|containers|videos)(\/|$)/,
    'This gateway keeps nothing for its clients; call the provider for it.',
  ],
  [
    /^(\/v1)?\/(responses|chat\/completions)\/[^/]/,
    'This gateway keeps no answers: what a client wants to see again it has to keep itself.',
  ],
  [/^\/v1\/v1\//, 'The client adds /v1 itself: leave it out of its base URL.'],
];

/** What to do instead of calling `path`; null where there is nothing to say. */
export function insteadOf(path: string): string | null {
  return instead.find(([route]) => route.test(path))?.[1] ?? null;
}
