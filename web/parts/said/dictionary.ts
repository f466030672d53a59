/** Everything that the relay says, by code, but for what it refuses. */

import type { Word } from '#parts/words.ts'
import { eventWords, healthWords } from './event-words.ts'
import { migrationWords } from './migration-words.ts'
import { planWords } from './plan-words.ts'
import { preflightWords } from './preflight-words.ts'
import { priceWords } from './price-words.ts'

export const dictionary: Readonly<Record<string, Word>> = {
  ...migrationWords,
  ...planWords,
  ...preflightWords,
  ...eventWords,
  ...healthWords,
  ...priceWords,
}
