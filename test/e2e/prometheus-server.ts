/** A real Prometheus with the repository's own scrape config and rules, only in a hurry. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { at, list, text, textOf, tree, yamlOf } from '../deploy/deployment-files.js';

export interface PrometheusOptions {
  /** Where each component of deploy/prometheus/prometheus.yaml listens here. */
  readonly portOf: (component: string) => number;
  /** What it knows from earlier, in the format of OpenMetrics. */
  readonly history: string;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const Answer = z.object({ status: z.literal('success'), data: z.unknown() });
const Vector = z.object({
  result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
});
const Rules = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({ name: z.string(), type: z.string(), health: z.string(), state: z.string().optional() }),
      ),
    }),
  ),
});
const Exemplars = z.array(z.object({ exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()) })) }));
const Values = z.array(z.string());

/** Ends the server when the test runner is gone, however that ended: its end of the pipe closes then. */
const keeper = 'exec 3<&0; "$@" & server=$!; (cat <&3; kill $server) >/dev/null 2>&1 & wait $server';

export class PrometheusServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly url: string,
  ) {}

  /** Starts it on a free port, with data in a folder of its own; rejects with its output if it ends instead. */
  static async start(options: PrometheusOptions): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-prometheus-'));
    const data = join(folder, 'data');
    await writeFile(join(folder, 'prometheus.yaml'), JSON.stringify(configOf(options, join(folder, 'rules.yaml'))));
    await writeFile(
      join(folder, 'rules.yaml'),
      textOf('deploy/prometheus/rules.yaml').replace(/interval: \w+/, 'interval: 1s'),
    );
    await writeFile(join(folder, 'history.txt'), options.history);
    const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history.txt'), data];
    const made = spawnSync('promtool', blocks, { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`promtool made no blocks:\n${made.stdout}${made.stderr}`);
    const child = spawn(
      'sh',
      [
        '-c',
        keeper,
        'sh',
        'prometheus',
        `--config.file=${join(folder, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${data}`,
        '--web.listen-address=127.0.0.1:0',
        '--enable-feature=exemplar-storage',
      ],
      { stdio: ['pipe', 'ignore', 'pipe'] },
    );
    return new PrometheusServer(child, folder, await addressOf(child));
  }

  /** The value of an expression now. */
  async query(expression: string): Promise<Series[]> {
    const { result } = Vector.parse(await this.ask('query', { query: expression }));
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  /** Values of a label of a metric, as a dashboard's variable offers them. */
  async valuesOf(metric: string, label: string): Promise<string[]> {
    return Values.parse(await this.ask(`label/${label}/values`, { 'match[]': metric }));
  }

  /** All rules, with whether they could be evaluated. */
  async rules(): Promise<z.infer<typeof Rules>['groups'][number]['rules']> {
    return Rules.parse(await this.ask('rules', {})).groups.flatMap(({ rules }) => rules);
  }

  /** Labels of the exemplars of the last quarter of an hour. */
  async exemplars(expression: string): Promise<Record<string, string>[]> {
    const end = Date.now() / 1000;
    const asked = { query: expression, start: String(end - 900), end: String(end) };
    const series = Exemplars.parse(await this.ask('query_exemplars', asked));
    return series.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels));
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.stdin?.end();
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async ask(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}?${String(new URLSearchParams(parameters))}`);
    const body: unknown = await response.json();
    const parsed = Answer.safeParse(body);
    if (!parsed.success) throw new Error(`${JSON.stringify(parameters)}: ${JSON.stringify(body)}`);
    return parsed.data.data;
  }
}

/** The file of compose, with the services where they are and every interval a second. */
function configOf({ portOf }: PrometheusOptions, rules: string): object {
  const file = yamlOf('deploy/prometheus/prometheus.yaml');
  const scrape = at(file, 'scrape_configs', 0);
  const targets = list(at(scrape, 'static_configs')).map((one) => {
    const component = text(at(one, 'labels', 'component'));
    return { targets: [`127.0.0.1:${String(portOf(component))}`], labels: { component } };
  });
  return {
    ...tree(file),
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ ...tree(scrape), static_configs: targets }],
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (stderr === null) throw new Error('its output is not read');
  let output = '';
  const found = new Promise<string>((resolve) => {
    createInterface({ input: stderr }).on('line', (line) => {
      output = `${output}${line}\n`.slice(-4_000);
      const [, address] = /"Listening on" address=(\S+)/.exec(line) ?? [];
      if (address !== undefined) resolve(`http://${address}`);
    });
  });
  const ended = once(child, 'exit').then(() => null);
  const url = await Promise.race([found, ended]);
  if (url === null) throw new Error(`Prometheus did not start:\n${output}`);
  return url;
}
