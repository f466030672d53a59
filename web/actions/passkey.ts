/** Passkeys of this browser: made, and used to sign in or to prove again who it is. */

import { ApiProblem, call } from './api.ts'
import type { Input } from './contract.ts'

type Options = Readonly<Record<string, unknown>>
type Answer = { readonly id: string; readonly response: object }

/** Whether this browser knows passkeys at all. */
export const hasPasskeys = (): boolean => typeof PublicKeyCredential === 'function'

/** What a person declined, or a device could not do: the browser tells no more than this. */
const refused = (cause: unknown): ApiProblem => {
  const isKnown = cause instanceof DOMException && cause.name === 'InvalidStateError'
  const code = isKnown ? 'passkey_known' : 'passkey_declined'
  return new ApiProblem({ status: 0, code, message: 'The browser gave no passkey.' })
}

const answerOf = async (ask: () => Promise<Credential | null>): Promise<Answer> => {
  try {
    const credential = await ask()
    if (credential instanceof PublicKeyCredential) return credential.toJSON() as unknown as Answer
  } catch (cause) {
    throw refused(cause)
  }
  throw refused(null)
}

const made = (options: Options): Promise<Answer> =>
  answerOf(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as never) }),
  )

const used = (options: Options): Promise<Answer> =>
  answerOf(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as never) }),
  )

/** Adds a passkey to whoever is signed in. @throws ApiProblem. */
export const addPasskey = async (name: string | undefined) => {
  const { ticket, options } = await call('passkeys begin', {})
  const response = (await made(options)) as unknown as Input<'passkeys add'>['response']
  return call('passkeys add', { ticket, response, ...(name === undefined ? {} : { name }) })
}

/** The answer of a passkey to a fresh question of the relay. @throws ApiProblem. */
export const passkeyAnswer = async (): Promise<Input<'session passkey'>> => {
  const { ticket, options } = await call('session passkey-begin', {})
  return { ticket, response: (await used(options)) as unknown as Input<'session passkey'>['response'] }
}
