/** Sign-in by OpenID Connect: away to the issuer and back. The ticket stays in this tab, so that nobody is lured to the end of another's sign-in. */

import { call } from './api.ts'

/** `link`: whoever is signed in links the issuer to themselves. */
export type Errand = 'sign-in' | 'link'
export type Kept = { readonly ticket: string; readonly errand: Errand }

const keptAs = 'drover.oidc'

/** Goes to the issuer; the page is left. @throws ApiProblem where the issuer does not answer. */
export const goToIssuer = async (issuer: string, errand: Errand): Promise<void> => {
  const { url, ticket } = await call(errand === 'link' ? 'issuers begin' : 'session oidc-begin', { issuer })
  window.sessionStorage.setItem(keptAs, JSON.stringify({ ticket, errand } satisfies Kept))
  window.location.assign(url)
}

/** What this tab went for, once; `null` = it never went, or came back before. */
export const takeErrand = (): Kept | null => {
  const text = window.sessionStorage.getItem(keptAs)
  window.sessionStorage.removeItem(keptAs)
  return text === null ? null : (JSON.parse(text) as Kept)
}

export type SecondCode = { readonly totp?: string | undefined; readonly recovery_code?: string | undefined }

/**
 * Finishes it with what the issuer sent along.
 * @throws ApiProblem; `second_factor_required` where the person has a second factor: the same once more, with a code.
 */
export const comeBack = async ({ ticket, errand }: Kept, query: string, code: SecondCode = {}): Promise<void> => {
  await (errand === 'link' ? call('issuers link', { ticket, query }) : call('session oidc', { ticket, query, ...code }))
}
