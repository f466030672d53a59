/** The tables of people who sign in. */

import type { JsonText, Whole, WholeOrNull } from './column.ts'

export type PersonTable = {
  id: string
  mail: string
  name: string | null
  verified_ms: WholeOrNull
  vouched_ms: WholeOrNull
  password: string | null
  totp: Uint8Array | null
  totp_ms: WholeOrNull
  totp_step: WholeOrNull
  created_ms: Whole
  closed_ms: WholeOrNull
}

export type SessionTable = {
  id: string
  digest: string
  person: string | null
  key: string | null
  organisation: string | null
  created_ms: Whole
  seen_ms: Whole
  expires_ms: Whole
  method: string
  address: string
  agent: string
}

export type OneTimeTable = {
  digest: string
  id: string
  kind: string
  person: string | null
  organisation: string | null
  data: JsonText
  created_ms: Whole
  expires_ms: Whole
}

export type PasskeyTable = {
  id: string
  person: string
  credential: string
  public_key: Uint8Array
  counter: Whole
  transports: JsonText
  name: string
  created_ms: Whole
  used_ms: WholeOrNull
}

export type IdentityTables = {
  person: PersonTable
  recovery_code: { person: string; digest: string }
  passkey: PasskeyTable
  issuer_link: { issuer: string; subject: string; person: string; created_ms: Whole }
  session: SessionTable
  one_time: OneTimeTable
  sign_in_try: { subject: string; count: Whole; last_ms: Whole; until_ms: Whole }
}
