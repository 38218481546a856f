/**
 * What a SecretRef and `os.environ/NAME` stand for in this process: values of the config file, and of its environment.
 * The file is kept as it was when its config came into force, so that a refused change takes nobody's key away.
 */
import { resolveSecret, secretSourcesOf, withDeclaredVariables, type Environment, type Secret } from '#config';
import type { ConfigSnapshot, SecretRef } from '#contracts';
import type { Logger } from '#telemetry';

type Values = Readonly<Record<string, string | undefined>>;

export interface SecretParts {
  readonly environment: Pick<Environment, 'variables' | 'configFile'>;
  readonly snapshots: { onChange(handler: (snapshot: ConfigSnapshot) => void): void };
  readonly logger: Pick<Logger, 'warn'>;
}

export class Secrets {
  private revision: string | null = null;
  /** Texts of the config file (null) and of what it includes, as of the revision. */
  private readonly texts = new Map<string | null, string>();
  private values: Values;

  /** Follows the config from now on: make it before those that ask it. */
  constructor(private readonly parts: SecretParts) {
    this.values = parts.environment.variables;
    parts.snapshots.onChange((snapshot) => this.follow(snapshot));
  }

  /** null where the variable is not set. Throws where the file that holds the secret was not given to this service. */
  resolve(ref: SecretRef): Secret | null {
    return resolveSecret(ref, this.sources());
  }

  /**
   * The variables that `os.environ/NAME` means: the config's `environment_variables`, then this process' environment.
   * Never log them: secrets are among them.
   */
  variables(): Values {
    return this.values;
  }

  private follow(snapshot: ConfigSnapshot): void {
    if (snapshot.revision === this.revision) return;
    this.revision = snapshot.revision;
    this.texts.clear();
    const declared = snapshot.general.variables ?? {};
    try {
      for (const file of filesOf(snapshot)) this.textOf(file);
      this.values = withDeclaredVariables(declared, this.sources());
    } catch (error) {
      const names = Object.keys(declared);
      this.parts.logger.warn({ err: error, variables: names }, 'the secrets of the config file are not in reach');
      this.values = this.parts.environment.variables;
    }
  }

  private sources() {
    return { env: this.parts.environment.variables, readFile: (include: string | null) => this.textOf(include) };
  }

  private textOf(include: string | null): string {
    const known = this.texts.get(include);
    if (known !== undefined) return known;
    const text = secretSourcesOf(this.parts.environment).readFile(include);
    this.texts.set(include, text);
    return text;
  }
}

/** The files that a config's secrets stand in: null for the main one, the others by their name in `include`. */
function filesOf({ backends, declaredKeys, general }: ConfigSnapshot): Set<string | null> {
  const refs = [
    ...backends.map((backend) => backend.apiKey),
    ...declaredKeys.map((key) => key.secret),
    ...Object.values(general.variables ?? {}),
    general.masterKey,
    general.databaseUrl ?? null,
    general.cache.redis?.url ?? null,
    general.cache.redis?.password ?? null,
  ];
  const files = new Set<string | null>();
  for (const ref of refs) {
    if (ref?.from !== 'file') continue;
    const hash = ref.path.indexOf('#');
    files.add(hash < 0 ? null : ref.path.slice(0, hash));
  }
  return files;
}
