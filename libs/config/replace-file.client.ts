/** Replacing a file so that whoever reads it sees all of the old text or all of the new. */
import { randomUUID } from 'node:crypto';
import { open, realpath, rename, rm, stat } from 'node:fs/promises';

/** Writes beside the file and moves it into place; symlinks and permissions stay. Rejects with the system's error. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const real = await realpath(path);
  const { mode, uid, gid } = await stat(real);
  const beside = `${real}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const file = await open(beside, 'wx', mode);
    try {
      await file.chmod(mode);
      // Only the superuser may give a file away; for anyone else the owner is the same.
      await file.chown(uid, gid).catch(() => {});
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, real);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
