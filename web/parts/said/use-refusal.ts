/** What the relay refuses, in the language of the person. The words are a part of the program of their own: nobody who reads English, or is refused nothing, loads them. */

import { useCallback, useEffect, useState } from 'react'
import type { SaidHere } from '#actions/api.ts'
import { ApiProblem } from '#actions/api.ts'
import type { Format } from '#parts/format.ts'
import { useFormat } from '#parts/language.tsx'

/** `null` = the message is English and has no code, or the person reads English: it ends with the request and the page of the manual. */
const saidOf = (error: Error, { language }: Format): SaidHere | null =>
  language !== 'en' && error instanceof ApiProblem ? error.said : null

/** In English where the words cannot be loaded. */
const worded = async (said: SaidHere, english: string, format: Format): Promise<string> => {
  try {
    const { tellRefusal } = await import('./refusal-tell.ts')
    return tellRefusal(said, { format })
  } catch {
    return english
  }
}

/** Gives the refusal in one line. */
export const useRefusal = (): ((error: Error) => Promise<string>) => {
  const format = useFormat()
  return useCallback(
    async (error) => {
      const said = saidOf(error, format)
      return said === null ? error.message : await worded(said, error.message, format)
    },
    [format],
  )
}

/** The same for what is shown: `undefined` = its words are on their way, `null` = the message stands as it is. */
export const useRefusalSaid = (error: Error): string | null | undefined => {
  const format = useFormat()
  const said = saidOf(error, format)
  const [told, setTold] = useState<{ readonly of: SaidHere; readonly text: string } | null>(null)
  useEffect(() => {
    if (said === null) return
    let isShown = true
    void worded(said, error.message, format).then((text) => {
      if (isShown) setTold({ of: said, text })
    })
    return () => {
      isShown = false
    }
  }, [said, error, format])
  if (said === null) return null
  return told?.of === said ? told.text : undefined
}
