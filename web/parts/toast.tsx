/** Short sentences about what has just been done, read aloud politely. */

import type { ReactNode } from 'react'
import { createContext, useCallback, useContext, useMemo, useState } from 'react'

type Toast = { readonly id: number; readonly text: string }
const shownMs = 6_000
const toastsMax = 3

const ToastContext = createContext<(text: string) => void>(() => {})

/** Says a sentence for six seconds. */
export const useToast = (): ((text: string) => void) => useContext(ToastContext)

/** Around everything that may say something. */
export const ToastProvider = ({ children }: { readonly children: ReactNode }) => {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const show = useCallback((text: string) => {
    const toast = { id: performance.now(), text }
    setToasts((before) => [...before, toast].slice(-toastsMax))
    window.setTimeout(() => setToasts((before) => before.filter((one) => one !== toast)), shownMs)
  }, [])
  const list = useMemo(
    () =>
      toasts.map((toast) => (
        <div className="toast" key={toast.id}>
          {toast.text}
        </div>
      )),
    [toasts],
  )
  return (
    <ToastContext.Provider value={show}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {list}
      </div>
    </ToastContext.Provider>
  )
}
