/** Sources that an upstream names for parts of its text (Anthropic's citations), as OpenAI's `url_citation` annotations. */
import { recordOf, textOf } from '../upstream/loose-json.js';
import type { AnswerBlock } from './collect-answer.js';

export interface UrlCitation {
  readonly start_index: number;
  readonly end_index: number;
  readonly url: string;
  readonly title: string;
}

/** The citations of a text that stands at `start` in what the client sees. Sources without an address have no such form. */
export function urlCitations(citations: readonly unknown[], start: number, end: number): UrlCitation[] {
  return citations.map(recordOf).flatMap((citation) => {
    const url = textOf(citation['url']);
    if (url === null) return [];
    return { start_index: start, end_index: end, url, title: textOf(citation['title']) ?? url };
  });
}

/** Follows the text of one choice, and knows where the blocks stand that name sources. */
export class TextSources {
  #length = 0;
  #blockStart = 0;
  #citations: unknown[] = [];
  readonly #done: UrlCitation[] = [];

  /** A piece of text. `apart`: it begins a block of its own. */
  push(length: number, citations: readonly unknown[] = [], apart = false): void {
    if (apart) this.#close();
    this.#length += length;
    this.#citations.push(...citations);
  }

  /** All of them, in the form of chat completions. */
  annotations(): object[] {
    this.#close();
    return this.#done.map((citation) => ({ type: 'url_citation', url_citation: citation }));
  }

  #close(): void {
    if (this.#citations.length > 0) this.#done.push(...urlCitations(this.#citations, this.#blockStart, this.#length));
    this.#citations = [];
    this.#blockStart = this.#length;
  }
}

/** Those of a whole choice, whose text is that of all its blocks. */
export function annotationsOfBlocks(blocks: readonly AnswerBlock[]): object[] {
  const sources = new TextSources();
  for (const block of blocks) {
    if (block.kind === 'text') sources.push(block.text.length, block.citations, true);
  }
  return sources.annotations();
}
