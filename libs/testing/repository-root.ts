/** Where the repository is, from wherever this file runs (source or dist). */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `nest-cli.json`; throws outside of a checkout. */
export function repositoryRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'nest-cli.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('not inside a checkout of the repository');
    folder = parent;
  }
  return folder;
}
