/** Who is signed in. */

import type { QueryClient, UseQueryResult } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import type { Role } from '#admin/contract.ts'
import { problemOf, send } from './api.ts'
import type { Output } from './contract.ts'

/** As the relay tells it; `person` is `null` where an admin key was shown, which stands for no person. */
export type Session = Omit<Output<'session show'>, 'role'> & { readonly role: Role }

export type Credentials =
  | { readonly email: string; readonly password: string; readonly totp?: string; readonly recovery_code?: string }
  | { readonly admin_key: string }

const path = '/api/v1/session'
const sessionKey = ['session'] as const

/** As the console has it: whoever belongs to no organisation may only look. */
export const sessionOf = (view: Output<'session show'>): Session => ({ ...view, role: view.role ?? 'viewer' })

const read = async (): Promise<Session | null> => {
  const response = await send(path, { method: 'GET', headers: { accept: 'application/json' } })
  if (response.ok) return sessionOf((await response.json()) as Output<'session show'>)
  if (response.status === 401) return null
  throw await problemOf(response)
}

/** `null` = nobody is signed in. */
export const useSessionQuery = (): UseQueryResult<Session | null, Error> =>
  useQuery({ queryKey: sessionKey, queryFn: read, staleTime: Number.POSITIVE_INFINITY, retry: false })

/**
 * Signs in.
 * @throws ApiProblem; `second_factor_required` where the person has a second factor and no code was given.
 */
export const signIn = async (credentials: Credentials): Promise<Session> => {
  const response = await send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  })
  if (response.ok) return sessionOf((await response.json()) as Output<'session show'>)
  throw await problemOf(response)
}

/** Ends the session, here and on the server. */
export const signOut = async (): Promise<void> => {
  const response = await send(path, { method: 'DELETE' })
  if (!response.ok && response.status !== 401) throw await problemOf(response)
}

/** Puts another session, or none, in the place of the one before: nothing that was read by it stays. */
export const changeSession = (client: QueryClient, session: Session | null): void => {
  client.setQueryData(sessionKey, session)
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] })
}

const SessionContext = createContext<Session | null>(null)
export const SessionProvider = SessionContext.Provider

/** The session, within the shell. */
export const useSession = (): Session => {
  const session = useContext(SessionContext)
  if (session === null) throw new Error('there is no session outside of the shell')
  return session
}

/** Which pages and buttons a role has; the relay decides again, this only leads. */
export const rights = (session: Session) => {
  const { role, operator } = session
  const isAdmin = role === 'owner' || role === 'admin'
  return {
    readsCalls: isAdmin || role === 'developer',
    changesKeys: isAdmin || role === 'developer',
    changesMembers: isAdmin,
    closesAccount: role === 'owner',
    changesMoney: isAdmin || role === 'billing',
    changesAll: isAdmin && operator,
    readsTrail: isAdmin || role === 'auditor',
    operates: operator,
  }
}
