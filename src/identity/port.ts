/** What is kept of people who sign in. Tokens are kept as digests only, times are wall-clock milliseconds, UTC. */

import type { TrailEntry } from '#base/trail-entry.ts'
import type { Role } from './role.ts'

export type PersonRow = {
  readonly id: string
  /** Lower case; one person has it, and it is given up when the account is closed. */
  readonly mail: string
  readonly name: string | null
  /** When it was proven that the address is theirs, by a link that was mailed to it or by an issuer; `null` = not yet. */
  readonly verifiedMs: number | null
  /** When somebody who may do that let them in by a link that was handed over, whatever the address; `null` = nobody did. */
  readonly vouchedMs: number | null
  /** Argon2id as a PHC string; `null` = no password. Never leaves the server. */
  readonly password: string | null
  /** The sealed secret of one-time codes; `null` = none. */
  readonly totp: Uint8Array | null
  /** Since when codes are asked for; `null` = the secret is not confirmed. */
  readonly totpMs: number | null
  /** The time step of the last code that was taken: none is taken twice. */
  readonly totpStep: number | null
  readonly createdMs: number
  readonly closedMs: number | null
}

/** What a change leaves out stays as it is. */
export type PersonChange = {
  readonly person: string
  readonly mail?: string
  readonly name?: string | null
  readonly verifiedMs?: number
  readonly password?: string | null
  readonly totp?: Uint8Array | null
  readonly totpMs?: number | null
  readonly totpStep?: number | null
  /** Ends every session of the person but this one; absent = none is ended. */
  readonly keepSession?: string | null
  /** Takes away whatever else they could come in with: passkeys, authenticator app, recovery codes, issuers, keys. */
  readonly onlyPassword?: true
  readonly recoveryCodes?: readonly string[]
  readonly closedMs?: number
}

export type Membership = {
  readonly organisation: string
  readonly name: string
  readonly account: string
  readonly member: string
  readonly role: Role
  /** Whether it is the organisation that runs this server. */
  readonly operator: boolean
}

export type SignInMethod = 'password' | 'passkey' | 'oidc' | 'link' | 'key'

export type SessionRow = {
  readonly id: string
  readonly digest: string
  readonly person: string | null
  /** The admin key that it stands for; exactly one of person and key is there. */
  readonly key: string | null
  /** The organisation that it acts in; `null` = none. */
  readonly organisation: string | null
  readonly createdMs: number
  readonly seenMs: number
  /** Whatever happens, it ends then. */
  readonly expiresMs: number
  readonly method: SignInMethod
  readonly address: string
  /** What the browser calls itself, cut short. */
  readonly agent: string
}

export type FoundSession = {
  readonly session: SessionRow
  readonly person: PersonRow | null
  readonly memberships: readonly Membership[]
}

/** What a one-time token is good for. */
export type OneTimeKind =
  | 'set-up'
  | 'verify'
  | 'reset'
  | 'mail-change'
  | 'invitation'
  | 'passkey-add'
  | 'passkey-use'
  | 'oidc'
  | 'step-up'

export type OneTimeRow = {
  readonly id: string
  readonly digest: string
  readonly kind: OneTimeKind
  readonly person: string | null
  readonly organisation: string | null
  /** What is done with it, as JSON. */
  readonly data: string
  readonly createdMs: number
  readonly expiresMs: number
}

export type PasskeyRow = {
  readonly id: string
  readonly person: string
  /** The credential's id, base64url. */
  readonly credential: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly name: string
  readonly createdMs: number
  readonly usedMs: number | null
}

/** A person has no more passkeys than this. */
export const passkeysMax = 20

export type IssuerLink = {
  readonly issuer: string
  readonly subject: string
  readonly person: string
  readonly createdMs: number
}

/** Tries of one subject: an account, an address. */
export type TryState = {
  readonly count: number
  readonly lastMs: number
  readonly untilMs: number
}

export type TryRequest = {
  readonly subject: string
  /** So many go through within the window; after them, one at a time. */
  readonly max: number
  readonly windowMs: number
  /** No wait is longer; absent = the window. */
  readonly waitMsMax?: number
  /** Another subject of the same request: who has not tried that one within its window does not wait for this one. */
  readonly sparesFirstOf?: string
}

/** What somebody had when they proved themselves: where it is not so any more, nobody was proven. */
export type AsProven = Pick<PersonRow, 'password' | 'totpMs'>

/** A new person in an organisation, by whatever they were let in. */
export type NewPerson = {
  readonly person: PersonRow
  readonly session: SessionRow | null
  /** The token that let them in, used up with it; `null` = none was needed. */
  readonly token: { readonly digest: string; readonly kind: OneTimeKind } | null
  /** Where they become a member; `null` = nowhere yet. */
  readonly member: {
    readonly id: string
    readonly organisation: string
    readonly role: Role
  } | null
}

export type OrganisationFacts = {
  readonly id: string
  readonly name: string
  readonly operator: boolean
  readonly createdMs: number
}

/** `Key`: a key as whoever keeps them has it. */
export type IdentityStore<Key> = {
  /** The organisation that runs this server; `null` in an empty store. */
  readonly operatorOrganisation: () => Promise<string | null>
  readonly organisation: (id: string) => Promise<OrganisationFacts | null>
  readonly person: (idOrMail: string) => Promise<PersonRow | null>
  /**
   * Makes a person; all or nothing. Rejects with Problem `conflict` where the mail address is taken, `not_found` where the
   * token is used, ended or of another kind.
   */
  readonly addPerson: (added: NewPerson, nowMs: number, trail: TrailEntry) => Promise<void>
  /** Gives the person as they are then, and the keys that ended with it. */
  readonly changePerson: (
    change: PersonChange,
    nowMs: number,
    trail: TrailEntry,
  ) => Promise<{ readonly row: PersonRow; readonly keys: readonly Key[] }>
  /**
   * Ends everything that the person signs in with, their memberships, and the keys that end with these: gives the keys as they
   * are then. Rejects with Problem `conflict` where an organisation would be left without an owner who signs in.
   */
  readonly closePerson: (person: string, nowMs: number, trail: TrailEntry) => Promise<readonly Key[]>
  readonly memberships: (person: string) => Promise<readonly Membership[]>
  /** A person becomes a member, by an invitation that is used up. */
  readonly join: (
    joining: { readonly person: string; readonly digest: string; readonly memberId: string },
    nowMs: number,
    trail: TrailEntry,
  ) => Promise<Membership>
  /**
   * `asProven`: of the person of the session; `null` = it is of a key. Rejects with Problem `invalid_credentials` where that has
   * changed since, so that nothing which ends sessions is outrun; `not_found` where the person has gone.
   */
  readonly openSession: (session: SessionRow, asProven: AsProven | null, trail: TrailEntry) => Promise<void>
  readonly session: (digest: string) => Promise<FoundSession | null>
  readonly sessions: (person: string) => Promise<readonly SessionRow[]>
  readonly touchSession: (id: string, seenMs: number) => Promise<void>
  readonly moveSession: (id: string, organisation: string) => Promise<void>
  /** Only of this person or key; gives whether there was one. */
  readonly endSession: (
    which: { readonly id: string; readonly person: string | null; readonly key: string | null },
    trail: TrailEntry,
  ) => Promise<boolean>
  /** Forgets sessions and tokens whose time is over; gives how many. */
  readonly sweepIdentity: (nowMs: number, limit: number) => Promise<number>
  /** One that was kept under the same digest makes room, whether its time is over or not. */
  readonly keepToken: (row: OneTimeRow, trail: TrailEntry | null) => Promise<void>
  /** Looks, and leaves it. */
  readonly token: (digest: string, kind: OneTimeKind, nowMs: number) => Promise<OneTimeRow | null>
  /** Uses it up: of many who come with it at once, one is given it. */
  readonly takeToken: (digest: string, kind: OneTimeKind, nowMs: number) => Promise<OneTimeRow | null>
  readonly tokensOf: (organisation: string, kind: OneTimeKind, nowMs: number) => Promise<readonly OneTimeRow[]>
  readonly dropToken: (
    which: { readonly id: string; readonly organisation: string },
    trail: TrailEntry,
  ) => Promise<boolean>
  /** Counts a try of every subject before it is made, or none; gives how long to wait, 0 = go on. */
  readonly takeTry: (subjects: readonly TryRequest[], nowMs: number) => Promise<number>
  /** Takes one try of each back: it was no guess. */
  readonly returnTries: (subjects: readonly TryRequest[]) => Promise<void>
  readonly forgetTries: (subjects: readonly string[]) => Promise<void>
  /** Takes a code's time step; `false` = that one or a later one was taken before. */
  readonly takeTotpStep: (person: string, step: number) => Promise<boolean>
  /** Uses a recovery code up; gives whether it was good. */
  readonly useRecoveryCode: (person: string, digest: string, trail: TrailEntry) => Promise<boolean>
  readonly recoveryCodesLeft: (person: string) => Promise<number>
  readonly passkeys: (person: string) => Promise<readonly PasskeyRow[]>
  readonly passkey: (credential: string) => Promise<PasskeyRow | null>
  /** Rejects with Problem `conflict` where it is known, or the person has `passkeysMax`. */
  readonly addPasskey: (row: PasskeyRow, trail: TrailEntry) => Promise<void>
  /** Gives whether it is still there. */
  readonly usePasskey: (id: string, counter: number, usedMs: number) => Promise<boolean>
  readonly removePasskey: (
    which: { readonly id: string; readonly person: string },
    trail: TrailEntry,
  ) => Promise<boolean>
  readonly issuerLink: (issuer: string, subject: string) => Promise<IssuerLink | null>
  readonly issuerLinks: (person: string) => Promise<readonly IssuerLink[]>
  readonly addIssuerLink: (link: IssuerLink, trail: TrailEntry) => Promise<void>
  readonly removeIssuerLink: (
    which: { readonly issuer: string; readonly person: string },
    trail: TrailEntry,
  ) => Promise<boolean>
}
