/** Starts the console: preferences, the session, and the pages behind the door. */

import { QueryClientProvider, useQueryClient } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { signedOutEvent } from '#actions/api.ts'
import { makeQueryClient } from '#actions/queries.ts'
import { changeSession, SessionProvider, useSessionQuery } from '#actions/session.ts'
import { makeRouter } from '#pages/router.tsx'
import { PreferencesProvider } from '#parts/language.tsx'
import { ProblemNote, Skeleton } from '#parts/states.tsx'
import { ToastProvider } from '#parts/toast.tsx'
import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import './style/shell.css'

/** The session may end on the server at any time: then the door is shown. */
const useSignedOut = (): void => {
  const client = useQueryClient()
  useEffect(() => {
    const leave = (): void => {
      changeSession(client, null)
    }
    window.addEventListener(signedOutEvent, leave)
    return () => window.removeEventListener(signedOutEvent, leave)
  }, [client])
}

/** Where links of mails and of the first start lead: nobody need be signed in there. */
const doorPaths = new Set([
  '/set-up',
  '/sign-up',
  '/verify',
  '/reset',
  '/forgotten',
  '/invitation',
  '/confirm-mail',
  '/oidc/callback',
])

const SignIn = lazy(async () => ({ default: (await import('#pages/door/sign-in.tsx')).SignIn }))
const Door = lazy(async () => ({ default: (await import('#pages/door/doors.tsx')).Door }))

const Inside = () => {
  const session = useSessionQuery()
  const [router] = useState(makeRouter)
  useSignedOut()
  if (session.error !== null)
    return (
      <main className="door">
        <ProblemNote error={session.error} again={() => void session.refetch()} />
      </main>
    )
  if (session.data === undefined) return <Skeleton lines={4} />
  if (session.data === null)
    return (
      <Suspense fallback={<Skeleton lines={4} />}>
        <SignIn />
      </Suspense>
    )
  return (
    <SessionProvider value={session.data}>
      <RouterProvider router={router} />
    </SessionProvider>
  )
}

const App = () => {
  const [client] = useState(makeQueryClient)
  return (
    <PreferencesProvider>
      <QueryClientProvider client={client}>
        <ToastProvider>
          {doorPaths.has(window.location.pathname) ? (
            <Suspense fallback={<Skeleton lines={4} />}>
              <Door path={window.location.pathname} />
            </Suspense>
          ) : (
            <Inside />
          )}
        </ToastProvider>
      </QueryClientProvider>
    </PreferencesProvider>
  )
}

const place = document.getElementById('root')
if (place !== null)
  createRoot(place).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
