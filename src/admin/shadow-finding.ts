/** In which respect the answers of a migration's candidate differ from the baseline's, as it is told. */

import { z } from 'zod'
import { comparators } from '#migration/shadow-compare.ts'
import type { Finding } from '#migration/shadow-sums.ts'

export const findingView = z.object({
  respect: z.enum(comparators),
  compared: z.int(),
  differed: z.number().nullable().describe('Share of answers in which the candidate differs from the baseline.'),
  floor: z
    .number()
    .nullable()
    .describe('Share in which the baseline differs from itself; null = it was not asked twice.'),
  log10_e: z.number().describe('The evidence that the candidate differs more often than the baseline from itself.'),
  worse: z.boolean(),
})

export const viewOfFinding = (found: Finding): z.input<typeof findingView> => ({
  respect: found.comparator,
  compared: found.compared,
  differed: found.share,
  floor: found.floor,
  log10_e: found.lnE / Math.LN10,
  worse: found.isWorse,
})
