/**
 * Bytes in any cut become lines of text. A line ends at LF, CRLF or CR and at nothing else: U+2028 and U+2029 are
 * ordinary characters (splitting at them loses text of JSON strings).
 */

import { TextDecoder } from 'node:util';

export interface LineOptions {
  /** Longest line, in UTF-16 code units. A longer one is an error, so that a peer cannot fill our memory. */
  readonly maxLineLength?: number;
}

export const defaultMaxLineLength = 1024 * 1024;

/** What the peer sent is not the format. After it a reader gives nothing more. */
export class WireFormatError extends Error {
  override readonly name = 'WireFormatError';

  constructor(
    readonly code: 'line_too_long' | 'invalid_json',
    message: string,
  ) {
    super(message);
  }
}

/** UTF-8 in any cut. The usual chunk ends in ASCII and takes the fast way; only a cut character needs a decoder with state. */
class Utf8Reader {
  #decoder: TextDecoder | null = null;
  #isCut = false;
  #isFirst = true;

  push(bytes: Uint8Array): string {
    const last = bytes.at(-1);
    if (last === undefined) return '';
    let text: string;
    if (!this.#isCut && last < 0x80) {
      text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    } else {
      this.#decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
      text = this.#decoder.decode(bytes, { stream: true });
      this.#isCut = last >= 0x80;
    }
    return this.#isFirst ? this.#withoutMark(text) : text;
  }

  end(): string {
    if (!this.#isCut || this.#decoder === null) return '';
    this.#isCut = false;
    return this.#decoder.decode();
  }

  /** A byte order mark may stand before the first line. */
  #withoutMark(text: string): string {
    if (text.length === 0) return text;
    this.#isFirst = false;
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

export class LineReader {
  readonly #maxLineLength: number;
  readonly #utf8 = new Utf8Reader();
  #pending = '';
  /** The last chunk ended in CR: an LF at the start of the next one belongs to it. */
  #skipLineFeed = false;
  #failure: WireFormatError | null = null;

  constructor(options: LineOptions = {}) {
    this.#maxLineLength = options.maxLineLength ?? defaultMaxLineLength;
  }

  /** Set once a line was too long; the lines before it were given out. */
  get failure(): WireFormatError | null {
    return this.#failure;
  }

  /** Lines that are complete with these bytes, without their ends. */
  push(bytes: Uint8Array): string[] {
    if (this.#failure !== null) return [];
    return this.#split(this.#utf8.push(bytes));
  }

  /** The rest, and a last line without an end. */
  end(): string[] {
    if (this.#failure !== null) return [];
    const lines = this.#split(this.#utf8.end());
    if (this.#pending.length > 0 && this.#failure === null) lines.push(this.#pending);
    this.#pending = '';
    return lines;
  }

  #split(text: string): string[] {
    const lines: string[] = [];
    if (text.length === 0) return lines;
    let start = this.#skipLineFeed && text.charCodeAt(0) === 10 ? 1 : 0;
    this.#skipLineFeed = false;
    let lineFeed = text.indexOf('\n', start);
    let carriageReturn = text.indexOf('\r', start);
    while (lineFeed !== -1 || carriageReturn !== -1) {
      const isReturn = carriageReturn !== -1 && (lineFeed === -1 || carriageReturn < lineFeed);
      const end = isReturn ? carriageReturn : lineFeed;
      const line = this.#pending.length === 0 ? text.slice(start, end) : this.#pending + text.slice(start, end);
      this.#pending = '';
      if (this.#isTooLong(line.length)) return lines;
      lines.push(line);
      start = end + 1;
      if (isReturn && start === text.length) this.#skipLineFeed = true;
      else if (isReturn && lineFeed === start) start += 1;
      if (lineFeed !== -1 && lineFeed < start) lineFeed = text.indexOf('\n', start);
      if (carriageReturn !== -1 && carriageReturn < start) carriageReturn = text.indexOf('\r', start);
    }
    if (start < text.length) this.#pending += text.slice(start);
    this.#isTooLong(this.#pending.length);
    return lines;
  }

  #isTooLong(length: number): boolean {
    if (length <= this.#maxLineLength) return false;
    this.#pending = '';
    this.#failure = new WireFormatError('line_too_long', `A line is longer than ${this.#maxLineLength} characters.`);
    return true;
  }
}
