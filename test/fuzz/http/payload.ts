/** What payloads are, and the words that they are made of. */

import { Buffer } from 'node:buffer'

export type Payload = {
  readonly name: string
  /** latin1: one character is one byte. */
  readonly text: string
  /** Means one thing only: it has to be taken, and answered. */
  readonly isPlain?: boolean
}

export const bytesOf = ({ text }: Payload): Buffer => Buffer.from(text, 'latin1')

const line = 'POST /attack HTTP/1.1\r\n'
export const host = 'Host: relay.test\r\n'
const json = 'Content-Type: application/json\r\n'
/** What an attacker wants to be taken for a request of its own. */
export const hidden = `GET /smuggled HTTP/1.1\r\n${host}\r\n`
const head = `${line}${host}${json}`
export const chunked = 'Transfer-Encoding: chunked\r\n'
export const noChunks = '0\r\n\r\n'
export const post = (fields: string, body: string): string => `${head}${fields}\r\n${body}`
