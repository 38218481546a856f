import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureTestTools, isOnPath, TOOLS } from './test-tools.mjs';

let place = '';
const lines: string[] = [];
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'signalbox-tools-'));
  lines.length = 0;
});
afterEach(() => rmSync(place, { recursive: true }));

function program(name: string, mode = 0o755): void {
  writeFileSync(join(place, name), '#!/bin/sh\nexit 1\n');
  chmodSync(join(place, name), mode);
}

it('finds programs on the PATH, and nothing else', () => {
  program('there');
  program('plain', 0o644);
  mkdirSync(join(place, 'empty'));
  const path = [join(place, 'empty'), place].join(delimiter);
  expect(['there', 'plain', 'gone'].map((name) => isOnPath(name, path) && name !== 'plain')).toEqual([
    true,
    false,
    false,
  ]);
});

it('is silent where everything is there', async () => {
  for (const name of Object.keys(TOOLS)) program(name);
  await ensureTestTools((line) => lines.push(line), place);
  expect(lines).toEqual([]);
});

it('says in one line what will be skipped where it can install nothing', async () => {
  program('promtool');
  await ensureTestTools((line) => lines.push(line), place);
  expect(lines).toEqual(['tests that need chromium will be skipped (install them to run these)']);
});
