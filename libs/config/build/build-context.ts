/** What every builder needs: where things stand, what is wrong, and which variables there are. */
import type { SecretRef } from '#contracts';
import type { SectionContext } from '../source/check-section.js';
import type { Path, Places } from '../source/places.js';
import type { Problems } from '../source/problems.js';
import type { References, Variables } from '../source/references.js';
import { variableName } from '../secret.js';

export interface BuildContext extends SectionContext {
  readonly problems: Problems;
  readonly places: Places;
  readonly variables: Variables;
  readonly references: References;
  /** The main file, as problems name it, and the names of the files it includes by their file. */
  readonly file: string;
  readonly includes: ReadonlyMap<string, string>;
}

/** Where the value at `path` stands, as text that also names an included file: `model_list[2]`, `more.yaml#model_list[0]`. */
export function describePlace(path: Path, context: BuildContext): string {
  const place = context.places.find(path);
  const include = context.includes.get(place.file);
  return include === undefined ? place.path : `${include}#${place.path}`;
}

/** The reference to a secret that stands at `path` as text or as `os.environ/NAME`. */
export function secretAt(path: Path, value: string, context: BuildContext): SecretRef {
  const variable = variableName(value);
  if (variable !== null) return context.variables.ref(variable);
  return { from: 'file', path: describePlace(path, context) };
}

/** Variables under `path` that are not set. */
export function missingUnder(path: Path, context: BuildContext): { path: Path; name: string }[] {
  return context.references.missing.filter((missing) => path.every((step, index) => missing.path[index] === step));
}
