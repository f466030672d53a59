/** What copying is asked about a call, and how it watches one. */

import type { Asked } from '#http/inbound.ts'
import type { CallFacts, Move } from '#migration/traffic.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Draft } from './draft.ts'
import type { Leg } from './leg.ts'
import type { Snapshot } from './snapshot.ts'

export type ShadowQuestion = {
  readonly move: Move
  readonly facts: CallFacts
  readonly key: KeyFacts
  readonly call: Call
  readonly protocol: Protocol
  /** Whether it names files that a provider keeps. */
  readonly namesFiles: boolean
  readonly asked: Asked
  readonly callerHeaders: Readonly<Record<string, string>>
  /** With the operator's credentials alone. */
  readonly snapshot: Snapshot
  readonly nowMs: number
}

/** Who answers the caller, and what was asked of it. */
export type Answering = { readonly call: Call; readonly snapshot: Snapshot; readonly leg: Leg }

/** Watches one call that is to be copied. */
export type ShadowWatch = {
  readonly answered: (answering: Answering) => void
  readonly see: (part: Part) => void
  /** The call is over. */
  readonly ended: (draft: Draft) => void
}
