/** What the relay says, in the language of the person. */

import { useCallback } from 'react'
import { useFormat } from '#parts/language.tsx'
import { dictionary } from './dictionary.ts'
import type { Said, Telling } from './tell.ts'
import { teller } from './tell.ts'

const tell = teller(dictionary)

/** Gives a sentence by its code, or the text where there is none: a row of an earlier version. */
export const useSaid = (): ((
  said: Said | null | undefined,
  text: string | null | undefined,
  names?: Telling['names'],
) => string) => {
  const format = useFormat()
  return useCallback((said, text, names) => (said == null ? (text ?? '') : tell(said, { format, names })), [format])
}
