/** Who may call what, in one table; what is not in it may be called by nobody. Pure. */
import type { KeyRole } from '#contracts';

/** `own`: every key, but it sees only what is its own. */
export type AdminAccess = 'admin' | 'own';

const access: Readonly<Record<string, AdminAccess>> = {
  'POST /key/generate': 'admin',
  'POST /key/service-account/generate': 'admin',
  'POST /key/update': 'admin',
  'POST /key/delete': 'admin',
  'POST /key/block': 'admin',
  'POST /key/unblock': 'admin',
  'POST /key/regenerate': 'admin',
  'POST /key/:key/regenerate': 'admin',
  'POST /key/bulk_update': 'admin',
  'POST /key/:key/reset_spend': 'admin',
  'POST /v2/key/info': 'admin',
  'GET /key/info': 'own',
  'GET /key/list': 'admin',
  'GET /key/aliases': 'admin',
  'POST /team/new': 'admin',
  'POST /team/generate': 'admin',
  'POST /team/update': 'admin',
  'POST /team/delete': 'admin',
  'POST /team/block': 'admin',
  'POST /team/unblock': 'admin',
  'POST /team/member_add': 'admin',
  'POST /team/bulk_member_add': 'admin',
  'POST /team/member_update': 'admin',
  'POST /team/member_delete': 'admin',
  'GET /team/info': 'admin',
  'GET /team/list': 'admin',
  'GET /v2/team/list': 'admin',
  'POST /team/model/add': 'admin',
  'POST /team/model/delete': 'admin',
  'POST /user/new': 'admin',
  'POST /user/generate': 'admin',
  'POST /user/update': 'admin',
  'POST /user/delete': 'admin',
  'POST /user/block': 'admin',
  'POST /user/unblock': 'admin',
  'GET /user/info': 'own',
  'GET /user/list': 'admin',
  'POST /user/bulk_update': 'admin',
  'GET /user/available_roles': 'admin',
  'GET /audit': 'admin',
  'GET /spend/logs': 'own',
  'GET /spend/logs/v2': 'own',
  'GET /spend/logs/ui': 'own',
  'POST /global/spend/end_users': 'admin',
  'GET /global/spend/all_tag_names': 'own',
  'GET /spend/tags': 'own',
  'GET /spend/keys': 'admin',
  'GET /spend/users': 'admin',
  'GET /global/spend': 'admin',
  'GET /global/spend/report': 'own',
  'GET /global/spend/keys': 'admin',
  'GET /global/spend/teams': 'admin',
  'GET /global/spend/models': 'admin',
  'GET /global/spend/provider': 'admin',
  'GET /global/spend/tags': 'own',
  'GET /global/spend/logs': 'own',
  'GET /user/daily/activity': 'own',
  'GET /user/daily/activity/aggregated': 'own',
  'GET /team/daily/activity': 'own',
  'GET /global/activity': 'own',
  'GET /global/activity/model': 'own',
  'POST /backends/:id/drain': 'admin',
  'GET /health': 'admin',
};

/** Every route of the admin API, for the tests that walk them. */
export const adminRoutes = Object.keys(access);

/** How a route may be called by a key; null = not at all. `template` is the route with its placeholders. */
export function adminAccess(
  method: string,
  template: string,
  { role, readsAll }: { readonly role: KeyRole; readonly readsAll: boolean },
): AdminAccess | null {
  const needed = access[`${method} ${template}`];
  if (needed === undefined) return null;
  if (role !== 'user' || (readsAll && method === 'GET')) return 'admin';
  return needed === 'own' ? 'own' : null;
}
