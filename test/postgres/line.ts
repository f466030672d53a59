/** A line to Postgres that can be cut: at once, or at a word that goes over it. */

import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'

/** Towards the server, or from it. */
export type Way = 'there' | 'back'

export type Line = {
  readonly port: number
  /** Cuts each line that is open now, and refuses new ones until `heal`. */
  readonly cut: () => void
  /** As a network that loses what goes one way, or both: lines stay open, and what is sent that way does not arrive until `heal`. */
  readonly hold: (...ways: readonly Way[]) => void
  readonly heal: () => void
  /** What goes over it from now on is so much longer on its way, there and back. */
  readonly slow: (eachWayMs: number) => void
  /** The next time this word goes to the server: it is passed on (or not), and the line is cut before any answer. */
  readonly cutAt: (word: string, passOn: boolean) => void
  readonly cuts: () => number
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export async function startLine(targetPort: number): Promise<Line> {
  const open = new Set<Socket>()
  let refusing = false
  let held: readonly Way[] = []
  const pairs = new Set<readonly [Socket, Socket]>()
  let trap: { readonly word: string; readonly passOn: boolean } | null = null
  let cuts = 0
  let eachWayMs = 0
  const send = (socket: Socket, bytes: string | Buffer): void => {
    if (eachWayMs === 0) socket.write(bytes)
    else setTimeout(() => socket.destroyed || socket.write(bytes), eachWayMs)
  }
  /** A socket that is not read from holds its sender up, and loses nothing. */
  const pass = ([near, far]: readonly [Socket, Socket]): void => {
    for (const [socket, way] of [
      [near, 'there'],
      [far, 'back'],
    ] as const)
      if (held.includes(way)) socket.pause()
      else socket.resume()
  }
  const server = createServer((near) => {
    if (refusing) {
      near.destroy()
      return
    }
    const far = connect(targetPort, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      for (const socket of pair) {
        open.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of pair) {
      open.add(socket)
      socket.on('error', end)
      socket.on('close', end)
    }
    far.on('data', (bytes) => send(near, bytes))
    near.on('data', (bytes) => {
      if (trap === null || !bytes.includes(trap.word)) return void send(far, bytes)
      const { passOn } = trap
      trap = null
      cuts += 1
      near.destroy()
      // The server gets what was sent, and may finish it before it notices.
      if (passOn) far.end(bytes)
      else far.destroy()
    })
    pass(pair)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut: () => {
      refusing = true
      for (const socket of [...open]) socket.destroy()
    },
    hold: (...ways) => {
      held = ways
      for (const pair of pairs) pass(pair)
    },
    heal: () => {
      refusing = false
      held = []
      for (const pair of pairs) pass(pair)
    },
    slow: (ms) => {
      eachWayMs = ms
    },
    cutAt: (word, passOn) => {
      trap = { word, passOn }
    },
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...open]) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
