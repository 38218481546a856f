/**
 * What of a text the complexity score looks at. Every feature is found in one pass over the text or by plain search, so
 * that a long or hostile text costs linear time. Only the last human message is looked at, as in LiteLLM since 1.106.
 */
import type { ComplexityRouter } from '#contracts';

export interface Features {
  /** Characters / 4, LiteLLM's estimate. */
  readonly tokens: number;
  readonly characters: number;
  readonly codeHits: number;
  readonly reasoningHits: number;
  readonly technicalHits: number;
  readonly simpleHits: number;
  readonly hasSteps: boolean;
  readonly questionMarks: number;
}

type Keywords = ComplexityRouter['keywords'];

/** Blocks that agents put into user messages are not what the human said. */
const reminder = { open: '<system-reminder>', close: '</system-reminder>' };
const wordRun = /[\p{L}\p{N}_]+/gu;
const oneWord = /^[\p{L}\p{N}_]+$/u;
/** Languages without spaces between words: their keywords are looked for anywhere. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** The features of a text; keywords are compared in lower case. */
export function featuresOf(text: string, keywords: Keywords): Features {
  const human = withoutReminders(text);
  const lower = human.toLowerCase();
  const words = new Set(lower.match(wordRun));
  const hits = (list: readonly string[]) => list.filter((keyword) => isIn(keyword.toLowerCase(), lower, words)).length;
  return {
    tokens: Math.floor(human.length / 4),
    characters: human.length,
    codeHits: hits(keywords.code),
    reasoningHits: hits(keywords.reasoning),
    technicalHits: hits(keywords.technical),
    simpleHits: hits(keywords.simple),
    hasSteps: hasSteps(lower),
    questionMarks: human.split('?').length - 1,
  };
}

function isIn(keyword: string, lower: string, words: ReadonlySet<string>): boolean {
  if (keyword === '') return false;
  return oneWord.test(keyword) && !unspaced.test(keyword) ? words.has(keyword) : lower.includes(keyword);
}

/** "first ... then" in one line, "step 2", "1. " or "a) ". */
function hasSteps(lower: string): boolean {
  if (/step\s{0,8}\d/.test(lower) || /\d\.\s/.test(lower) || /[a-z]\)\s/.test(lower)) return true;
  return lower.split('\n').some((line) => {
    const first = line.indexOf('first');
    return first >= 0 && line.includes('then', first + 5);
  });
}

function withoutReminders(text: string): string {
  let kept = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(reminder.open, at);
    const end = start < 0 ? -1 : text.indexOf(reminder.close, start);
    if (end < 0) return kept + text.slice(at);
    kept += text.slice(at, start);
    at = end + reminder.close.length;
  }
}
