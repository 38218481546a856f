/**
 * Properties are tried with the same examples each time, so that a test fails for a change and not by luck; the long tests
 * choose others (SIGNALBOX_PROPERTY_SEED=random), and name their seed where one fails.
 */
import fc from 'fast-check';

const asked = process.env['SIGNALBOX_PROPERTY_SEED'] ?? '20261121';
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) });
