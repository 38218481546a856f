/** Newline-delimited JSON (Ollama's streams), from bytes in any cut. */
import { type LineOptions, LineReader, WireFormatError } from './line-reader.js';

/** Look at `failure` after each call: the values before it are still given out. Blank lines are ignored. */
export class NdjsonDecoder {
  readonly #lines: LineReader;
  #failure: WireFormatError | null = null;

  constructor(options: LineOptions = {}) {
    this.#lines = new LineReader(options);
  }

  /** Why nothing more comes: a line that is too long or is no JSON. */
  get failure(): WireFormatError | null {
    return this.#failure ?? this.#lines.failure;
  }

  /** Values of the lines that are complete with these bytes. */
  push(bytes: Uint8Array): unknown[] {
    return this.#parse(this.#lines.push(bytes));
  }

  /** The rest: a last line without an end counts if it is JSON. */
  end(): unknown[] {
    return this.#parse(this.#lines.end());
  }

  #parse(lines: readonly string[]): unknown[] {
    const values: unknown[] = [];
    for (const line of lines) {
      if (this.#failure !== null) break;
      if (line.trim().length === 0) continue;
      try {
        values.push(JSON.parse(line));
      } catch {
        this.#failure = new WireFormatError('invalid_json', 'A line of the stream is not JSON.');
      }
    }
    return values;
  }
}
