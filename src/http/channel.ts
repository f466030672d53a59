/** Messages in both directions over one connection: pulled, so that who does not read holds the other side back. */

import type { Buffer } from 'node:buffer'

/** One message, as it came: text in UTF-8, or bytes. */
export type Message = { readonly data: Buffer; readonly binary: boolean }

/** Why a connection ended: a code of RFC 6455 section 7.4, 1006 where it broke off without one. */
export type ChannelEnd = { readonly code: number; readonly reason: string }

export type Channel = {
  /** The next message in order; `null` = the connection has ended and everything that came is read. One reader at a time. */
  readonly receive: () => Promise<Message | null>
  /**
   * Resolves when more may be sent: at once while little waits to be taken, else when this message is. After the end a message goes
   * nowhere, which `ended` tells.
   */
  readonly send: (message: Message) => Promise<void>
  /** Says goodbye and ends; what was sent before still goes out. A reason over 123 bytes is cut. No-op after the end. */
  readonly close: (end: ChannelEnd) => void
  /** Resolves when the connection is gone, whoever ended it. */
  readonly ended: Promise<ChannelEnd>
}

/** The connection was lost: nobody said why. */
export const lostEnd: ChannelEnd = Object.freeze({ code: 1006, reason: '' })

const reasonBytesMax = 123

/** A reason as a close frame can carry it: cut between characters. */
export const shortReason = (reason: string): string => {
  let text = reason.slice(0, reasonBytesMax)
  while (new TextEncoder().encode(text).length > reasonBytesMax) text = text.slice(0, -1)
  // Half a surrogate pair would be written as a replacement character.
  return text.replace(/[\uD800-\uDBFF]$/, '')
}

/** Whether a peer may send this code in a close frame (RFC 6455 section 7.4, from memory). */
export const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
