/** What the relay writes as a file, kept by the browser. */

import { useCallback } from 'react'
import { problemOf, send } from '#actions/api.ts'
import { useToast } from './toast.tsx'

type Wanted = { readonly address: string; readonly accept: string; readonly name: string }

/** Downloads it; a refusal is said in a sentence. */
export const useDownload = (): ((wanted: Wanted) => Promise<void>) => {
  const toast = useToast()
  return useCallback(
    async ({ address, accept, name }) => {
      const response = await send(address, { method: 'GET', headers: { accept } })
      if (!response.ok) return toast((await problemOf(response)).message)
      const link = document.createElement('a')
      link.href = URL.createObjectURL(await response.blob())
      link.download = name
      link.click()
      URL.revokeObjectURL(link.href)
    },
    [toast],
  )
}
