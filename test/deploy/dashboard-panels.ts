/** The panels of a dashboard as Grafana stores it. */
import { at, list } from './deployment-files.js';

const isRow = (panel: unknown) => at(panel, 'type') === 'row';

/** Those that every installation must fill. */
export const panelsOf = (board: unknown): readonly unknown[] =>
  list(at(board, 'panels')).filter((panel) => !isRow(panel));

/** Those of closed rows: they ask for what only some installations have, and may stay empty. */
export const optionalPanelsOf = (board: unknown): readonly unknown[] =>
  list(at(board, 'panels'))
    .filter(isRow)
    .flatMap((row) => list(at(row, 'panels')));
