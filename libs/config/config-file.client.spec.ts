import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchConfigFile } from './config-file.client.js';

let folder = '';
let watchers: { stop(): void }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-watch-'));
});
afterEach(() => {
  for (const watcher of watchers) watcher.stop();
  watchers = [];
  rmSync(folder, { recursive: true });
});

async function watching(path: string, intervalMs?: number) {
  const onChange = vi.fn();
  const watcher = watchConfigFile(path, onChange, intervalMs);
  watchers.push(watcher);
  await watcher.ready;
  return onChange;
}

const seenOnce = (onChange: ReturnType<typeof vi.fn>) =>
  vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1), 2_000);

describe('watchConfigFile', () => {
  it('hears of a write in place', async () => {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, 'a: 1\n');
    const onChange = await watching(path);
    writeFileSync(path, 'a: 2\n');
    await seenOnce(onChange);
  });

  it("hears of an editor's save: a new file under the old name", async () => {
    const path = join(folder, 'config.yaml');
    writeFileSync(path, 'a: 1\n');
    const onChange = await watching(path);
    writeFileSync(join(folder, '.config.yaml.swp'), 'a: 2\n');
    renameSync(join(folder, '.config.yaml.swp'), path);
    await seenOnce(onChange);
  });

  it("hears of a ConfigMap's symlink swap", async () => {
    // As the kubelet lays it out: config.yaml -> ..data/config.yaml, ..data -> ..2026_1
    for (const [name, text] of [
      ['..1', 'a: 1\n'],
      ['..2', 'a: 2\n'],
    ] as const) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'config.yaml'), text);
    }
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/config.yaml', join(folder, 'config.yaml'));
    const onChange = await watching(join(folder, 'config.yaml'));
    symlinkSync('..2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await seenOnce(onChange);
  });

  it('hears of an included file, and of a file that goes and comes back changed', async () => {
    const path = join(folder, 'config.yaml');
    const more = join(folder, 'more.yaml');
    writeFileSync(path, 'include: [more.yaml]\n');
    writeFileSync(more, 'b: 1\n');
    const onChange = await watching(path);
    writeFileSync(more, 'b: 2\n');
    await seenOnce(onChange);
    rmSync(path);
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(2), 2_000);
    writeFileSync(path, 'include: [more.yaml]\n');
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(3), 2_000);
  });

  it('keeps quiet when a file is only touched, and after stop', async () => {
    const path = join(folder, 'config.yaml');
    const other = join(folder, 'other.yaml');
    writeFileSync(path, 'a: 1\n');
    writeFileSync(other, 'b: 1\n');
    const onChange = await watching(path, 20);
    const after = await watching(other, 20);
    writeFileSync(path, 'a: 1\n');
    // The change of the second file shows that looks went on after the touch of the first.
    writeFileSync(other, 'b: 2\n');
    await seenOnce(after);
    expect(onChange).not.toHaveBeenCalled();
    for (const watcher of watchers) watcher.stop();
    writeFileSync(path, 'a: 3\n');
    expect(onChange).not.toHaveBeenCalled();
  });
});
