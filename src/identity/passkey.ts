/** Passkeys (WebAuthn) through @simplewebauthn/server, which is loaded when the first one is used. */

import { Buffer } from 'node:buffer'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import type { Ids } from '#base/id.ts'
import type { PasskeyRow, PersonRow } from './port.ts'

/** Where passkeys are good: a name, never a number (WebAuthn 3, 5.1.3). */
export type Site = { readonly origin: string; readonly name: string }

const challengeBytes = 32
/** How long a browser waits for its person. */
const timeoutMs = 120_000

/** The site of an origin, or why there are no passkeys at it. */
export const siteOf = (origin: string, hasPublicUrl: boolean): Site | string => {
  const url = URL.parse(origin)
  if (url === null) return 'the request does not say where this server is'
  const { hostname } = url
  if (/^[\d.]+$|^\[/.test(hostname))
    return `a passkey belongs to a name, and ${hostname} is a number: open http://localhost`
  // What a request calls this server counts only where browsers say that it is this machine.
  if (!hasPublicUrl && hostname !== 'localhost') return "the operator must set 'server.public_url'"
  return { origin: url.origin, name: hostname }
}

export type Challenge = { readonly challenge: string; readonly site: Site }

const newChallenge = (ids: Pick<Ids, 'bytes'>): Uint8Array<ArrayBuffer> => new Uint8Array(ids.bytes(challengeBytes))
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

type Adding = {
  readonly person: PersonRow
  readonly known: readonly PasskeyRow[]
  readonly site: Site
  readonly ids: Pick<Ids, 'bytes'>
}

/** What a browser needs to make a passkey that finds its person by itself. */
export const additionOptions = async ({
  person,
  known,
  site,
  ids,
}: Adding): Promise<Challenge & { readonly options: PublicKeyCredentialCreationOptionsJSON }> => {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  const challenge = newChallenge(ids)
  const options = await generateRegistrationOptions({
    rpName: site.name,
    rpID: site.name,
    userName: person.mail,
    userDisplayName: person.name ?? person.mail,
    userID: new Uint8Array(Buffer.from(person.id)),
    challenge,
    timeout: timeoutMs,
    attestationType: 'none',
    excludeCredentials: known.map(({ credential, transports }) => ({ id: credential, transports: [...transports] })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  return { challenge: text(challenge), site, options }
}

/** The passkey that a browser made; `null` = it does not answer this challenge at this site. */
export const addedPasskey = async (
  response: unknown,
  { challenge, site }: Challenge,
): Promise<Pick<PasskeyRow, 'credential' | 'publicKey' | 'counter' | 'transports'> | null> => {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      requireUserVerification: true,
    })
    if (!verified) return null
    const { id, publicKey, counter, transports = [] } = registrationInfo.credential
    return { credential: id, publicKey, counter, transports }
  } catch {
    // The library throws for whatever does not fit, and says it to developers.
    return null
  }
}

/** What a browser needs to let its person choose a passkey. */
export const useOptions = async (
  site: Site,
  ids: Pick<Ids, 'bytes'>,
): Promise<Challenge & { readonly options: PublicKeyCredentialRequestOptionsJSON }> => {
  const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
  const challenge = newChallenge(ids)
  const wanted = { rpID: site.name, challenge, timeout: timeoutMs, userVerification: 'required' } as const
  return { challenge: text(challenge), site, options: await generateAuthenticationOptions(wanted) }
}

/** The new counter where the passkey answers this challenge at this site; `null` = it does not, or its counter went back. */
export const usedPasskey = async (
  response: unknown,
  { challenge, site }: Challenge,
  row: PasskeyRow,
): Promise<number | null> => {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: site.origin,
      expectedRPID: site.name,
      requireUserVerification: true,
      credential: {
        id: row.credential,
        publicKey: new Uint8Array(row.publicKey),
        counter: row.counter,
        transports: [...row.transports],
      },
    })
    return verified ? authenticationInfo.newCounter : null
  } catch {
    return null
  }
}
