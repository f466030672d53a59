/** A mail server on loopback that keeps what it is sent. Speaks what RFC 5321 asks of a receiver, and refuses while a test says so. */

import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'

export type TakenMail = { readonly from: string; readonly to: readonly string[]; readonly data: string }

export type FakeSmtp = {
  readonly url: string
  readonly taken: readonly TakenMail[]
  /** How many of the next mails are refused with 451. */
  refusals: number
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const dataBytesMax = 32 * 1024 * 1024

const session = (socket: Socket, take: (mail: TakenMail) => string): void => {
  let [text, from, to]: [string, string, string[]] = ['', '', []]
  let isData = false
  const answer = (line: string): void => void socket.write(`${line}\r\n`)
  /** What is said to a command. */
  const obey = (line: string): string => {
    const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
    if (/^EHLO/i.test(line)) return '250-localhost\r\n250 8BITMIME'
    if (/^MAIL FROM:/i.test(line)) from = address
    if (/^RCPT TO:/i.test(line)) to = [...to, address]
    if (/^RSET/i.test(line)) to = []
    if (/^QUIT/i.test(line)) return '221 bye'
    isData = /^DATA/i.test(line)
    return isData ? '354 go on' : '250 ok'
  }
  answer('220 localhost')
  socket.setEncoding('latin1')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    text += chunk
    if (text.length > dataBytesMax) return void socket.destroy()
    for (;;) {
      const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n')
      if (end < 0) return
      const line = text.slice(0, end)
      text = text.slice(end + (isData ? 5 : 2))
      if (!isData) answer(obey(line))
      else {
        isData = false
        answer(take({ from, to, data: line }))
        to = []
      }
    }
  })
}

/** Starts it on a free port. */
export async function startSmtp(): Promise<FakeSmtp> {
  const taken: TakenMail[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    session(socket, (mail) => {
      if (smtp.refusals > 0) {
        smtp.refusals -= 1
        return '451 try again later'
      }
      taken.push(mail)
      return '250 taken'
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const smtp: FakeSmtp = {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    refusals: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
  return smtp
}
