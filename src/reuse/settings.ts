/** What can be configured about answers that are given again: the block `semantic_cache`. */

import { z } from 'zod'
import { duration, line } from '#base/settings.ts'

const names = (what: string) => z.array(line(200)).min(1).max(1000).optional().describe(what)

/** The block `semantic_cache`. */
export const semanticCacheSettings = z
  .strictObject({
    embeddings: line(200).describe(
      'The model of this relay that measures questions, as a caller would name it. It is asked once for each call that is looked for.',
    ),
    threshold: z
      .number({ error: 'must be a number from 0.9 to 1' })
      .min(0.9, 'must be 0.9 or more: below it other questions are taken for the same one')
      .max(1, 'must be 1 or less')
      .default(0.97)
      .describe('How similar two questions must be at least: the cosine of the angle between their vectors.'),
    lifetime: duration({ min: '1s', max: '24h' })
      .prefault('1h')
      .describe('How long an answer may be given again to calls of `for`, where their key has no time of its own.'),
    for: z
      .strictObject({ keys: names('Ids or names of keys.'), projects: names('Ids of projects.') })
      .optional()
      .describe(
        'Whose calls are looked for without asking: those that each list names. Absent: only calls that ask (`x-drover-cache: 5m similar`).',
      ),
  })
  .describe('Answers given again to similar questions. Needs Postgres with the extension pgvector.')
