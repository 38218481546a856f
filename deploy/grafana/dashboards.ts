/** The list of dashboards: file name -> what it holds. A new one is one file and one line here. */
import { bus } from './bus.js';
import { fleet } from './fleet.js';
import { hosts } from './hosts.js';
import { model } from './model.js';
import { dashboardOf } from './panel.js';
import { spend } from './spend.js';
import { traces } from './traces.js';

const specs = { fleet, model, spend, hosts, bus, traces };

/** Text of every dashboard's file by its name, as it is checked in. */
export function dashboardFiles(): Map<string, string> {
  return new Map(
    Object.entries(specs).map(([name, spec]) => [`${name}.json`, `${JSON.stringify(dashboardOf(spec), null, 1)}\n`]),
  );
}
