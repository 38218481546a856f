/** Queries that several routes of spend have in common. Pure. */
import { z } from 'zod';
import { optionalText, optionalWord, wholeNumber } from './admin-input.js';

export const PeriodQuery = z.object({ start_date: optionalText(40), end_date: optionalText(40) });

export const LogQuery = PeriodQuery.extend({
  api_key: optionalText(),
  key_alias: optionalText(),
  user_id: optionalText(128),
  team_id: optionalText(128),
  end_user: optionalText(),
  request_id: optionalText(),
  model: optionalText(),
  tags: z
    .string()
    .default('')
    .transform((text) => text.split(',').filter((tag) => tag !== ''))
    .pipe(z.array(z.string()).max(20, 'must be at most 20 tags')),
  status: optionalWord(['success', 'failure']),
  cursor: optionalText(400),
  limit: wholeNumber({ min: 1, max: 500, fallback: 100 }),
});
