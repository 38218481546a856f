/** A step of the schema. Steps only add, so that the release before this one still works on the new schema. */
export interface SchemaStep {
  /** Ends in a 13-digit time: the order in which steps are taken. */
  readonly name: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}
