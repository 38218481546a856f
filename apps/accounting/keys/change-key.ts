/** Names of entries in the bucket KEYS. */

/** `changed.ID` for ids that may stand in a bucket's key, else `changed.x-` and the id in hex: ids are the admin's words. */
export function changeKey(kind: 'key' | 'team' | 'user', id: string): string {
  const token = /^[A-Za-z0-9_-]{1,96}$/.test(id) && !id.startsWith('x-') ? id : `x-${Buffer.from(id).toString('hex')}`;
  return kind === 'key' ? `changed.${token}` : `changed.${kind}.${token}`;
}
