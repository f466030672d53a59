/** Waits in the shell until an operation wants to know again who it is; the question itself is loaded then. */

import { lazy, Suspense, useEffect, useState } from 'react'
import type { StepUpRequest } from '#actions/api.ts'
import { stepUpEvent } from '#actions/api.ts'

const Proof = lazy(async () => ({ default: (await import('./proof.tsx')).Proof }))

export const StepUp = () => {
  const [request, setRequest] = useState<StepUpRequest | null>(null)
  useEffect(() => {
    const listen = (event: Event): void => setRequest((event as CustomEvent<StepUpRequest>).detail)
    window.addEventListener(stepUpEvent, listen)
    return () => window.removeEventListener(stepUpEvent, listen)
  }, [])
  if (request === null) return null
  return (
    <Suspense fallback={null}>
      <Proof request={request} close={() => setRequest(null)} />
    </Suspense>
  )
}
