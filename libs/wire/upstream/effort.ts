/** How much to think, as one word. */
import type { Reasoning } from '../neutral/chat-request.js';

/** The wish as one of OpenAI's words; budgets by LiteLLM's thresholds. Null where it says nothing but "think". */
export function effortOf(wish: Reasoning): string | null {
  if (wish.enabled === false) return 'none';
  if (wish.effort !== undefined) return wish.effort.toLowerCase();
  if (wish.budgetTokens === undefined) return null;
  if (wish.budgetTokens >= 4096) return 'high';
  if (wish.budgetTokens >= 2048) return 'medium';
  if (wish.budgetTokens >= 1024) return 'low';
  return wish.budgetTokens > 0 ? 'minimal' : 'none';
}
