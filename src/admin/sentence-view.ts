/** A sentence by its code, beside the text that it is the same as: for who shows it in another language. */

import { z } from 'zod'
import type { Sentence } from '#base/sentence.ts'

export const sentenceView = z
  .object({
    code: z.string(),
    given: z.record(z.string(), z.unknown()).describe('What is filled in; a sentence in it has the same shape.'),
    text: z.string().describe('English.'),
  })
  .describe('The same by its code. null = it was kept by an earlier version.')

type View = z.input<typeof sentenceView>

/** As it is answered. */
export const viewOfSentence = ({ code, given, text }: Sentence): View => ({ code, given: { ...given }, text })

/** Of one that may not be there. */
export const viewOfSentenceOr = (sentence: Sentence | null | undefined): View | null =>
  sentence == null ? null : viewOfSentence(sentence)
